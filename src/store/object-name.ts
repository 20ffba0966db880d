/**
 * Which keys can be stored, and where: a key is a folder path in its bucket; a key that ends in `/` is stored with that
 * slash replaced by `__XLDIR__`, so that `x`, `x/` and `x/y` can live side by side.
 */
import { KEY_BYTES_MAX, NAME_BYTES_MAX, StorageError } from '../base/index.js';

const DIRECTORY_SUFFIX = '__XLDIR__';

/** Throws object-name-invalid or object-name-too-long for a key that no drive could keep. */
export function checkObjectName(bucket: string, key: string): void {
  const invalid = (why: string): never => {
    throw new StorageError('object-name-invalid', `The key ${JSON.stringify(key.slice(0, 200))} cannot be stored: ${why}`, { bucket, key });
  };
  const tooLong = (why: string): never => {
    throw new StorageError('object-name-too-long', `The key ${JSON.stringify(`${key.slice(0, 60)}...`)} is too long: ${why}`, { bucket, key });
  };
  if (key === '') invalid('it is empty');
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) tooLong(`${KEY_BYTES_MAX} bytes are the most`);
  if (key.includes('\0')) invalid('it holds a NUL character');
  if (!key.isWellFormed()) invalid('it is not Unicode text');
  const path = objectPath(key);
  for (const name of path.split('/')) {
    if (name === '') invalid('a part between slashes is empty');
    if (name === '.' || name === '..') invalid(`"${name}" is not a name`);
    if (name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX) tooLong(`${NAME_BYTES_MAX} bytes between slashes are the most`);
  }
}

/** The object's folder in its bucket. */
export function objectPath(key: string): string {
  return key.endsWith('/') ? `${key.slice(0, -1)}${DIRECTORY_SUFFIX}` : key;
}
