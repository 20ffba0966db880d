/** How failures look: one sentence on stderr, or mc's error object on stdout. */
import { UsageError } from '../base/index.js';
import { S3Error } from '../client/index.js';

/** What failed, as a sentence, and why. Commands throw it, or report it and go on with the next item. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Server answers that people know under other words. */
function reasonOf(error: S3Error): { readonly message: string; readonly fields: object } {
  if (error.code === 'NoSuchBucket') {
    return { message: `Bucket \`${error.fields.BucketName}\` does not exist.`, fields: { Bucket: error.fields.BucketName } };
  }
  if (error.code === 'NoSuchKey' || (error.status === 404 && error.code === 'MethodNotAllowed')) return { message: 'Object does not exist', fields: {} };
  return { message: error.message, fields: error.fields };
}

interface Described {
  readonly what: string;
  readonly why: string;
  readonly fields: object;
}

function describe(error: unknown): Described {
  const [what, cause] = error instanceof Failure ? [error.message, error.cause] : ['', error];
  if (cause === undefined) return { what, why: '', fields: {} };
  if (cause instanceof S3Error) {
    const { message, fields } = reasonOf(cause);
    return { what, why: message, fields };
  }
  if (cause instanceof UsageError) {
    return what === '' ? { what: cause.message, why: cause.hint ?? '', fields: {} } : { what, why: [cause.message, cause.hint].filter(Boolean).join(' '), fields: {} };
  }
  return { what, why: fileReason(cause) ?? (cause instanceof Error ? cause.message : 'unknown reason'), fields: {} };
}

/** System errors of files, in words. */
function fileReason(error: unknown): string | undefined {
  const { code, path } = error as { code?: unknown; path?: unknown };
  if (typeof path !== 'string') return undefined;
  switch (code) {
    case 'ENOENT':
      return `Requested path \`${path}\` not found`;
    case 'EACCES':
    case 'EPERM':
      return `Insufficient permissions to access this path \`${path}\``;
    default:
      return undefined;
  }
}

const dotted = (text: string): string => (text === '' || /[.!?]$/.test(text) ? text : `${text}.`);

/** `Unable to list folder. Bucket `x` does not exist.` */
export function failureSentence(error: unknown): string {
  const { what, why } = describe(error);
  return [dotted(what), dotted(why)].filter((text) => text !== '').join(' ');
}

/** mc's error object. `fatal` ends the command; `error` is one item. */
export function failureObject(error: unknown, type: 'fatal' | 'error'): object {
  const { what, why, fields } = describe(error);
  return { status: 'error', error: { message: what, cause: { message: why, error: fields }, type } };
}
