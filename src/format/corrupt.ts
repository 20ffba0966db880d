import { StorageError } from '../base/index.js';

/** The one refusal of this room: bytes that no MinIO release writes. */
export function corrupt(message: string): StorageError {
  return new StorageError('metadata-corrupt', message);
}
