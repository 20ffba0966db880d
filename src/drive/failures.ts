/**
 * What an operating system error means for a drive. Anything not known to be harmless counts as a faulty drive, never as
 * a missing file: a missing file makes the store forget data, a faulty drive only makes it ask another.
 */
import { StorageError, type DriveErrorCode } from '../base/index.js';

const CODES: Readonly<Record<string, DriveErrorCode>> = {
  ENOENT: 'file-not-found',
  ENOTDIR: 'file-not-found',
  EISDIR: 'file-not-found',
  EEXIST: 'file-exists',
  ENOTEMPTY: 'file-exists',
  EACCES: 'file-access-denied',
  EPERM: 'file-access-denied',
  ENOSPC: 'drive-full',
  EDQUOT: 'drive-full',
  EROFS: 'drive-read-only',
  ENAMETOOLONG: 'file-name-invalid',
  EINVAL: 'file-name-invalid',
  EILSEQ: 'file-name-invalid',
  ELOOP: 'file-name-invalid',
};

const ADVICE: Partial<Record<DriveErrorCode, string>> = {
  'drive-full': 'free some space or inodes',
  'drive-read-only': 'mount it writable again; a file system often turns read-only after an I/O error',
  'drive-faulty': 'look for I/O errors in the kernel log and check the drive',
  'file-access-denied': 'let the user that runs the server own the drive',
};

/** The errno name (`ENOENT`) of a failed file call, or undefined where the error is something else. */
function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True where the error is one of these errnos. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  const name = errnoOf(error);
  return name !== undefined && names.includes(name);
}

/**
 * The StorageError of a failed file call. StorageErrors pass through; what is no file error at all (a bug) is returned as
 * it is. `action` completes "cannot ...", e.g. `read bucket/key/xl.meta`.
 */
export function driveFailure(error: unknown, action: string, drive: string): Error {
  const name = errnoOf(error);
  if (name === undefined) return error instanceof Error ? error : new Error(String(error));
  const code = CODES[name] ?? 'drive-faulty';
  const advice = ADVICE[code];
  const message = `cannot ${action} on drive ${drive}: ${name}${advice === undefined ? '' : `; ${advice}`}`;
  return new StorageError(code, message, { drive });
}

/** Runs file calls and turns their failures into StorageErrors. */
export function guarded<T>(action: string, drive: string, calls: () => T): T {
  try {
    return calls();
  } catch (error) {
    throw driveFailure(error, action, drive);
  }
}
