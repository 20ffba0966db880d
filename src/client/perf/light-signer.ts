/**
 * Request heads with SigV4 signatures, made as cheaply as they can be: the day's key is cached, and only the three headers
 * that must be signed are.
 */
import { createHash, createHmac } from 'node:crypto';

export interface PerfEndpoint {
  /** Alias, as it is shown. */
  readonly name: string;
  readonly url: URL;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly isInsecure: boolean;
}

export const UNSIGNED = 'UNSIGNED-PAYLOAD';
export const EMPTY_SHA256 = createHash('sha256').digest('hex');

export class LightSigner {
  #day = '';
  #key: Buffer = Buffer.alloc(0);
  #second = 0;
  #stamp = '';

  constructor(private readonly endpoint: PerfEndpoint) {}

  /**
   * The head of a request, ready to be written.
   * @param path encoded, beginning with `/`
   * @param query canonical: encoded and sorted, without `?`
   * @param extra further header lines, each ended by CR LF, which are not signed
   */
  head(method: string, path: string, query: string, payloadHash: string, bodyBytes: number, extra = ''): string {
    const { endpoint } = this;
    this.#setClock();
    const host = endpoint.url.host;
    const token = endpoint.sessionToken;
    const tokenSigned = token === undefined ? '' : `x-amz-security-token:${token}\n`;
    const names = `host;x-amz-content-sha256;x-amz-date${token === undefined ? '' : ';x-amz-security-token'}`;
    const canonical = `${method}\n${path}\n${query}\nhost:${host}\nx-amz-content-sha256:${payloadHash}\nx-amz-date:${this.#stamp}\n${tokenSigned}\n${names}\n${payloadHash}`;
    const scope = `${this.#day}/${endpoint.region}/s3/aws4_request`;
    const digest = createHash('sha256').update(canonical).digest('hex');
    const signature = createHmac('sha256', this.#key).update(`AWS4-HMAC-SHA256\n${this.#stamp}\n${scope}\n${digest}`).digest('hex');
    const length = method === 'PUT' || method === 'POST' ? `Content-Length: ${bodyBytes}\r\n` : '';
    return (
      `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\nHost: ${host}\r\nX-Amz-Date: ${this.#stamp}\r\n` +
      `X-Amz-Content-Sha256: ${payloadHash}\r\n${token === undefined ? '' : `X-Amz-Security-Token: ${token}\r\n`}` +
      `Authorization: AWS4-HMAC-SHA256 Credential=${endpoint.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}\r\n${length}${extra}\r\n`
    );
  }

  #setClock(): void {
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#stamp = `${new Date(second * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const day = this.#stamp.slice(0, 8);
    if (day === this.#day) return;
    this.#day = day;
    const steps = [day, this.endpoint.region, 's3', 'aws4_request'];
    this.#key = steps.reduce<Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      Buffer.from(`AWS4${this.endpoint.secretKey}`),
    );
  }
}
