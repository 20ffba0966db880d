/** Which keys can be stored. */
import { KEY_BYTES_MAX, NAME_BYTES_MAX, StorageError } from '../base/index.js';
import { encodeObjectPath } from '../format/index.js';

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
  const path = encodeObjectPath(key);
  for (const name of path.split('/')) {
    if (name === '') invalid('a part between slashes is empty');
    if (name === '.' || name === '..') invalid(`"${name}" is not a name`);
    if (name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX) tooLong(`${NAME_BYTES_MAX} bytes between slashes are the most`);
  }
}
