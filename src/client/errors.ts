/**
 * What can go wrong between the command line and a server, as values that commands turn into sentences. S3 errors keep
 * every field of the server's answer; network failures are put into words once, here.
 */
import { parseXml, textOf } from './xml.js';

/** The fields of an S3 `<Error>` document, named as mc's JSON names them. */
export interface S3ErrorFields {
  readonly Code: string;
  readonly Message: string;
  readonly BucketName: string;
  readonly Key: string;
  readonly Resource: string;
  readonly RequestID: string;
  readonly HostID: string;
  readonly Region: string;
  readonly Server: string;
}

/** A server's refusal. `message` is the server's sentence, or ours where it sent none (HEAD). */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  constructor(
    readonly status: number,
    readonly fields: S3ErrorFields,
    /** Where the server wants the request to go instead: `<Endpoint>` of a redirect. */
    readonly endpoint?: string,
  ) {
    super(fields.Message);
  }

  get code(): string {
    return this.fields.Code;
  }
}

/** No answer, or half of one: refused, reset, unknown host, TLS, timeout. `message` says which request and why. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  constructor(
    message: string,
    /** Node's code, e.g. `ECONNREFUSED`. */
    readonly code: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** True for an S3Error, and if codes are given, for one with one of them. */
export function isS3Error(error: unknown, ...codes: readonly string[]): error is S3Error {
  return error instanceof S3Error && (codes.length === 0 || codes.includes(error.code));
}

/** The answers that have no body (HEAD), and servers that send something other than XML. */
const STATUS_WORDS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  301: ['PermanentRedirect', 'The bucket is in another region.'],
  304: ['NotModified', 'Not modified.'],
  400: ['BadRequest', '400 Bad Request'],
  401: ['AccessDenied', 'Access Denied.'],
  403: ['AccessDenied', 'Access Denied.'],
  405: ['MethodNotAllowed', 'The specified method is not allowed against this resource.'],
  409: ['Conflict', 'Bucket not empty.'],
  412: ['PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'],
  416: ['InvalidRange', 'The requested range is not satisfiable'],
  501: ['MethodNotAllowed', 'The specified method is not allowed against this resource.'],
};

interface ErrorAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly body: string;
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const header = (answer: ErrorAnswer, name: string): string => {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : '';
};

/** Turns a failed answer into an S3Error; the body wins, the status speaks where there is none. Admin calls fail in JSON. */
export function errorFromAnswer(answer: ErrorAnswer): S3Error {
  const admin = answer.body.startsWith('{') ? adminFields(answer) : undefined;
  if (admin !== undefined) return new S3Error(answer.status, admin);
  const root = answer.body === '' ? undefined : parseXml(answer.body);
  const isError = root?.name === 'Error';
  const [code, message] = isError ? [textOf(root, 'Code'), textOf(root, 'Message')] : wordsForStatus(answer);
  const fields: S3ErrorFields = {
    Code: code,
    Message: message,
    BucketName: textOf(root, 'BucketName') || answer.bucket,
    Key: textOf(root, 'Key') || answer.key,
    Resource: textOf(root, 'Resource'),
    RequestID: textOf(root, 'RequestId') || header(answer, 'x-amz-request-id'),
    HostID: textOf(root, 'HostId') || header(answer, 'x-amz-id-2'),
    Region: textOf(root, 'Region') || header(answer, 'x-amz-bucket-region'),
    Server: header(answer, 'server'),
  };
  return new S3Error(answer.status, fields, textOf(root, 'Endpoint') || undefined);
}

function adminFields(answer: ErrorAnswer): S3ErrorFields | undefined {
  try {
    const given = JSON.parse(answer.body) as Record<string, unknown>;
    const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
    if (text('Code') === '') return undefined;
    return {
      Code: text('Code'), Message: text('Message'), BucketName: text('BucketName'), Key: text('Key'), Resource: text('Resource'),
      RequestID: text('RequestId'), HostID: text('HostId'), Region: '', Server: header(answer, 'server'),
    };
  } catch {
    return undefined;
  }
}

function wordsForStatus(answer: ErrorAnswer): readonly [string, string] {
  const told = header(answer, 'x-minio-error-code');
  if (told !== '') return [told, header(answer, 'x-minio-error-desc').replace(/^"|"$/g, '') || told];
  if (answer.status === 404) {
    return answer.key === ''
      ? ['NoSuchBucket', 'The specified bucket does not exist']
      : ['NoSuchKey', 'The specified key does not exist.'];
  }
  return STATUS_WORDS[answer.status] ?? [`${answer.status} ${answer.statusText}`, `${answer.status} ${answer.statusText}`];
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'the server closed the connection',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed; add it to the certs/CAs folder of the configuration or use --insecure',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain holds a self-signed certificate; add it to the certs/CAs folder of the configuration or use --insecure',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by an unknown authority; add it to the certs/CAs folder of the configuration or use --insecure',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
};

/** Puts a socket's failure into words. `what` is the request, e.g. `Get "http://host/"`. */
export function connectionError(error: unknown, what: string): ConnectionError {
  const code = (error as { code?: unknown }).code;
  const known = typeof code === 'string' ? code : 'EUNKNOWN';
  const text = NETWORK_WORDS[known] ?? (error instanceof Error && error.message !== '' ? error.message : known);
  return new ConnectionError(`${what}: ${text}`, known, error);
}
