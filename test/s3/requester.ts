/**
 * A hand-made S3 client for what SDKs will not send: it signs by itself (written from the specification, apart from the
 * code under test) and writes the request onto a bare socket, so that every byte can be wrong.
 */
import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { ACCESS_KEY, NOW_MS, SECRET_KEY } from './door-fixture.js';

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const md5 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('base64');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export interface RequestSpec {
  readonly method: string;
  /** Raw path and query, as they are to be sent (already encoded). */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly payloadHash?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly timeMs?: number;
  readonly region?: string;
  /** Headers that are sent but not signed. */
  readonly unsigned?: Readonly<Record<string, string>>;
  /** Changes the finished Authorization value. */
  readonly tamper?: (authorization: string) => string;
  /** What the client joins to one space in what it signs; runs of spaces where not given. */
  readonly joined?: RegExp;
}

export interface Signed {
  readonly headers: Record<string, string>;
  readonly signature: string;
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: string;
}

function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

export function sign(spec: RequestSpec): Signed {
  const date = amzDate(spec.timeMs ?? NOW_MS);
  const region = spec.region ?? 'us-east-1';
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const payloadHash = spec.payloadHash ?? sha256(spec.body ?? '');
  const headers: Record<string, string> = { host: '127.0.0.1', 'x-amz-date': date, 'x-amz-content-sha256': payloadHash };
  for (const [name, value] of Object.entries(spec.headers ?? {})) headers[name.toLowerCase()] = value;
  const names = Object.keys(headers).sort();
  const [path = '', query = ''] = spec.target.split('?', 2);
  const pairs = query === '' ? [] : query.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`));
  const canonical = [
    spec.method,
    path,
    pairs.sort((a, b) => (a.split('=')[0]! < b.split('=')[0]! ? -1 : 1)).join('&'),
    ...names.map((name) => `${name}:${headers[name]!.replace(/^[ \t]+|[ \t]+$/g, '').replace(spec.joined ?? / +/g, ' ')}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const key = signingKey(spec.secretKey ?? SECRET_KEY, scope);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${spec.accessKey ?? ACCESS_KEY}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  headers['authorization'] = spec.tamper?.(authorization) ?? authorization;
  return { headers: { ...headers, ...spec.unsigned }, signature, key, amzDate: date, scope };
}

function signingKey(secretKey: string, scope: string): Buffer {
  return scope.split('/').reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secretKey}`) as Buffer;
}

/** A presigned target. */
export function presign(spec: { method: string; path: string; expires?: string; timeMs?: number; query?: string; signedHeaders?: Record<string, string> }): string {
  const date = amzDate(spec.timeMs ?? NOW_MS);
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const headers: Record<string, string> = { host: '127.0.0.1', ...spec.signedHeaders };
  const names = Object.keys(headers).sort();
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${ACCESS_KEY}/${scope}`)}`,
    `X-Amz-Date=${date}`,
    `X-Amz-Expires=${spec.expires ?? '600'}`,
    `X-Amz-SignedHeaders=${encodeURIComponent(names.join(';'))}`,
    ...(spec.query === undefined ? [] : spec.query.split('&')),
  ].sort();
  const canonical = [spec.method, spec.path, query.join('&'), ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), 'UNSIGNED-PAYLOAD'].join('\n');
  const signature = hmac(signingKey(SECRET_KEY, scope), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex');
  return `${spec.path}?${query.join('&')}&X-Amz-Signature=${signature}`;
}

export interface ChunkPlan {
  readonly chunks: readonly Buffer[];
  /** Trailer lines, `name:value`. */
  readonly trailers?: readonly string[];
  readonly isSigned: boolean;
  /** Spoils the signature of the chunk with this index. */
  readonly spoil?: number;
  readonly spoilTrailer?: boolean;
}

/** An aws-chunked body that goes on from a signed request. */
export function encodeChunks(seed: Signed, plan: ChunkPlan): Buffer {
  let previous = seed.signature;
  const out: Buffer[] = [];
  [...plan.chunks, Buffer.alloc(0)].forEach((chunk, index) => {
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${seed.amzDate}\n${seed.scope}\n${previous}\n${sha256('')}\n${sha256(chunk)}`;
    previous = hmac(seed.key, text).toString('hex');
    const signature = index === plan.spoil ? previous.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : previous;
    out.push(Buffer.from(`${chunk.length.toString(16)}${plan.isSigned ? `;chunk-signature=${signature}` : ''}\r\n`));
    if (chunk.length > 0) out.push(chunk, Buffer.from('\r\n'));
  });
  for (const trailer of plan.trailers ?? []) out.push(Buffer.from(`${trailer}\r\n`));
  if (plan.isSigned && plan.trailers) {
    const joined = plan.trailers.map((trailer) => `${trailer}\n`).join('');
    const signature = hmac(seed.key, `AWS4-HMAC-SHA256-TRAILER\n${seed.amzDate}\n${seed.scope}\n${previous}\n${sha256(joined)}`).toString('hex');
    out.push(Buffer.from(`x-amz-trailer-signature:${plan.spoilTrailer ? '0'.repeat(64) : signature}\r\n`));
  }
  out.push(Buffer.from('\r\n'));
  return Buffer.concat(out);
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Record<string, string>;
  readonly body: string;
  /** The error code of the document, or of the headers of a HEAD. */
  readonly code: string | undefined;
  /** `HTTP/1.1 100 Continue` was sent first. */
  readonly wasContinued: boolean;
}

/** Signs and sends one request on a connection of its own. */
export function request(port: number, spec: RequestSpec): Promise<RawAnswer> {
  const { headers } = sign(spec);
  return rawRequest(port, { ...spec, headers: withLength(headers, spec.body) });
}

function withLength(headers: Record<string, string>, body: string | Buffer | undefined): Record<string, string> {
  if (body === undefined || 'content-length' in headers) return headers;
  return { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

/** Sends a request as it is given. `headers` may be lines, to repeat some. */
export function rawRequest(
  port: number,
  spec: { method: string; target: string; headers: Readonly<Record<string, string>> | readonly string[]; body?: string | Buffer },
): Promise<RawAnswer> {
  const lines = Array.isArray(spec.headers) ? (spec.headers as string[]) : Object.entries(spec.headers).map(([name, value]) => `${name}: ${value}`);
  const head = Buffer.from(`${spec.method} ${spec.target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`, 'latin1');
  return exchange(port, Buffer.concat([head, Buffer.from(spec.body ?? '')]));
}

/** Sends bytes and collects the answer until the server closes, or the answer is complete. */
export function exchange(port: number, bytes: Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const isHead = bytes.subarray(0, 5).toString() === 'HEAD ';
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      const answer = parseAnswer(Buffer.concat(pieces), isHead);
      if (!answer) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`no complete answer: ${Buffer.concat(pieces).toString('latin1').slice(0, 500)}`)));
  });
}

function parseAnswer(bytes: Buffer, isHead: boolean): RawAnswer | undefined {
  let text = bytes.toString('latin1');
  const wasContinued = text.startsWith('HTTP/1.1 100');
  if (wasContinued) text = text.slice(text.indexOf('\r\n\r\n') + 4);
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  const status = Number(statusLine.split(' ')[1]);
  const length = isHead || status === 204 || status === 304 ? 0 : Number(headers['content-length'] ?? '0');
  if (text.length < end + 4 + length) return undefined;
  const body = Buffer.from(text.slice(end + 4, end + 4 + length), 'latin1').toString('utf8');
  return { status, headers, body, code: /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? headers['x-minio-error-code'], wasContinued };
}
