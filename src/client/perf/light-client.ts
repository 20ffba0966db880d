/**
 * The S3 calls of the load generator over one connection.
 */
import { createHash } from 'node:crypto';
import { LightConnection, type Answer } from './light-connection.js';
import { PerfError } from './perf-error.js';
import { EMPTY_SHA256, LightSigner, UNSIGNED, type PerfEndpoint } from './light-signer.js';

const FULL = { keepsBody: false, hasBody: true } as const;
const KEPT = { keepsBody: true, hasBody: true } as const;
const HEAD_ONLY = { keepsBody: false, hasBody: false } as const;

/** A body to upload, with the hash that signs it over plain HTTP. */
export interface Payload {
  readonly data: Uint8Array;
  readonly sha256: string;
}

export function makePayload(data: Uint8Array): Payload {
  return { data, sha256: createHash('sha256').update(data).digest('hex') };
}

export class LightClient {
  readonly #connection: LightConnection;
  readonly #signer: LightSigner;
  readonly #isTls: boolean;

  constructor(endpoint: PerfEndpoint) {
    this.#connection = new LightConnection(endpoint.url, endpoint.isInsecure);
    this.#signer = new LightSigner(endpoint);
    this.#isTls = endpoint.url.protocol === 'https:';
  }

  close(): void {
    this.#connection.close();
  }

  /** Like other clients do, the payload is signed over plain HTTP and left to TLS otherwise. */
  async put(bucket: string, key: string, payload: Payload): Promise<void> {
    const hash = this.#isTls ? UNSIGNED : payload.sha256;
    const head = this.#signer.head('PUT', `/${bucket}/${key}`, '', hash, payload.data.length);
    expect(await this.#connection.send(head, payload.data, KEPT), 200);
  }

  /** Reads the object to its end; resolves to its size. */
  async get(bucket: string, key: string): Promise<number> {
    const head = this.#signer.head('GET', `/${bucket}/${key}`, '', EMPTY_SHA256, 0);
    const answer = await this.#connection.send(head, undefined, FULL);
    expect(answer, 200);
    return answer.bodyBytes;
  }

  async stat(bucket: string, key: string): Promise<void> {
    const head = this.#signer.head('HEAD', `/${bucket}/${key}`, '', EMPTY_SHA256, 0);
    expect(await this.#connection.send(head, undefined, HEAD_ONLY), 200);
  }

  async delete(bucket: string, key: string): Promise<void> {
    const head = this.#signer.head('DELETE', `/${bucket}/${key}`, '', EMPTY_SHA256, 0);
    expect(await this.#connection.send(head, undefined, FULL), 204, 200);
  }

  /** One page of up to 1,000 keys under `prefix` (encoded); `token` continues the page before (encoded). */
  async list(bucket: string, prefix: string, token: string): Promise<{ readonly keys: string[]; readonly next: string }> {
    const more = token === '' ? '' : `continuation-token=${token}&`;
    const head = this.#signer.head('GET', `/${bucket}/`, `${more}list-type=2&prefix=${prefix}`, EMPTY_SHA256, 0);
    const answer = await this.#connection.send(head, undefined, KEPT);
    expect(answer, 200);
    const keys = Array.from(answer.body.matchAll(/<Key>([^<]*)<\/Key>/g), (match) => match[1] ?? '');
    const next = /<NextContinuationToken>([^<]*)</.exec(answer.body)?.[1] ?? '';
    return { keys, next: encodeURIComponent(next) };
  }

  async hasBucket(bucket: string): Promise<boolean> {
    const head = this.#signer.head('HEAD', `/${bucket}/`, '', EMPTY_SHA256, 0);
    return (await this.#connection.send(head, undefined, HEAD_ONLY)).status === 200;
  }

  async makeBucket(bucket: string): Promise<void> {
    const head = this.#signer.head('PUT', `/${bucket}/`, '', EMPTY_SHA256, 0);
    expect(await this.#connection.send(head, undefined, KEPT), 200);
  }

  async removeBucket(bucket: string): Promise<void> {
    const head = this.#signer.head('DELETE', `/${bucket}/`, '', EMPTY_SHA256, 0);
    expect(await this.#connection.send(head, undefined, KEPT), 204, 200, 404);
  }

  /** Removes up to 1,000 keys at once. */
  async deleteMany(bucket: string, keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('');
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects}</Delete>`);
    const md5 = createHash('md5').update(body).digest('base64');
    const sha256 = createHash('sha256').update(body).digest('hex');
    const head = this.#signer.head('POST', `/${bucket}/`, 'delete=', sha256, body.length, `Content-MD5: ${md5}\r\n`);
    expect(await this.#connection.send(head, body, KEPT), 200);
  }
}

function expect(answer: Answer, ...statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return;
  const said = /<Message>([^<]*)</.exec(answer.body)?.[1];
  throw new PerfError(said === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${said}`, answer.status);
}
