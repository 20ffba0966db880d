/** One request and its answer, as they are counted and traced. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Tracer } from '../base/index.js';
import { S3Error } from './errors.js';
import type { OperationName } from './operations.js';
import type { RequestTarget } from './query.js';
import type { Sent } from './send.js';
import { minioName, type Rejection, type Traffic } from './traffic.js';

export class Exchange {
  #operation: OperationName | undefined;
  #status = 0;
  #sent: Sent | undefined;
  #headers: Readonly<Record<string, string>> = {};
  /** What went wrong, if anything did. */
  error: unknown;

  constructor(
    readonly message: IncomingMessage,
    readonly response: ServerResponse,
    /** By the monotonic clock. */
    readonly startedMs: number,
  ) {}

  /** The request is signed and says what it wants. */
  begin(operation: OperationName, traffic: Traffic): void {
    this.#operation = operation;
    traffic.begin(operation);
  }

  answered(status: number, headers: Readonly<Record<string, string>>, sent: Sent): void {
    this.#status = status;
    this.#headers = headers;
    this.#sent = sent;
  }

  /** Counts the request, and shows it to who wants to see it. Once, whatever became of it. */
  end(target: RequestTarget, clock: Clock, traffic: Traffic, tracer: Tracer): void {
    const operation = this.#operation;
    if (operation !== undefined) {
      traffic.end(operation, target.bucket, {
        status: this.#statusSeen,
        receivedBytes: this.#receivedBytes,
        sentBytes: this.#sent?.bytes ?? 0,
        firstByteMs: this.#sent === undefined ? undefined : this.#sent.firstByteMs - this.startedMs,
        isCanceled: this.#sent === undefined && !(this.error instanceof S3Error),
      });
    } else if (this.error instanceof S3Error) traffic.reject(rejectionOf(this.error));
    if (tracer.wants('http')) this.#trace(operation, target, clock, tracer);
  }

  get #statusSeen(): number {
    if (this.#status !== 0) return this.#status;
    return this.error instanceof S3Error ? this.error.status : 499;
  }

  get #receivedBytes(): number {
    return Number(this.message.headers['content-length'] ?? 0);
  }

  #trace(operation: OperationName | undefined, target: RequestTarget, clock: Clock, tracer: Tracer): void {
    const { message } = this;
    const durationMs = clock.monotonicMs() - this.startedMs;
    const receivedBytes = this.#receivedBytes;
    const sentBytes = this.#sent?.bytes ?? 0;
    tracer.publish({
      kind: 'http',
      name: `s3.${operation === undefined ? 'Rejected' : minioName(operation)}`,
      startedMs: clock.now() - durationMs,
      durationMs,
      path: target.rawPath,
      bytes: receivedBytes + sentBytes,
      ...(this.error instanceof Error && { error: this.error.message }),
      http: {
        method: message.method ?? '',
        path: target.rawPath,
        rawQuery: target.rawQuery,
        protocol: `HTTP/${message.httpVersion}`,
        requestHeaders: { ...message.headers },
        client: message.socket.remoteAddress ?? '',
        status: this.#statusSeen,
        responseHeaders: this.#headers,
        receivedBytes,
        sentBytes,
        firstByteMs: this.#sent === undefined ? durationMs : this.#sent.firstByteMs - this.startedMs,
      },
    });
  }
}

function rejectionOf(error: S3Error): Rejection {
  switch (error.code) {
    case 'RequestTimeTooSkewed':
      return 'timestamp';
    case 'AuthorizationHeaderMalformed':
    case 'AuthorizationQueryParametersError':
      return 'header';
    case 'AccessDenied':
    case 'InvalidAccessKeyId':
    case 'InvalidTokenId':
    case 'SignatureDoesNotMatch':
      return 'auth';
    default:
      return 'invalid';
  }
}
