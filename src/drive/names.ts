/** Volumes, paths and transaction ids as they become part of a file name: nothing may lead out of its folder. */
import { StorageError } from '../base/index.js';

/** An empty component, `.`, `..` or a NUL. */
const BROKEN = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;
/** Half a surrogate pair has no UTF-8: two such names would become one file. */
const NOT_UNICODE = /\p{Surrogate}/u;

/** Throws file-name-invalid unless `path` is components joined by `/`. Their length is left to the file system. */
export function checkPath(path: string): string {
  if (BROKEN.test(path) || NOT_UNICODE.test(path)) {
    throw new StorageError('file-name-invalid', `cannot use ${JSON.stringify(path)} as a path: a component is empty, ".", ".." or holds a NUL or half a character`);
  }
  return path;
}

/** Throws file-name-invalid unless `name` is a single component: a volume, a transaction, a data dir. */
export function checkName(name: string): string {
  if (name.includes('/')) throw new StorageError('file-name-invalid', `cannot use ${JSON.stringify(name)} as a name: it holds a "/"`);
  return checkPath(name);
}
