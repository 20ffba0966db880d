/** Files of drives, read whole but never more than a limit, so that a damaged drive cannot fill the memory. */
import { open } from 'node:fs/promises';
import { StorageError } from '../base/index.js';

/** The file's bytes; undefined where there is no such file. Throws where it is longer than `sizeMax` or cannot be read. */
export async function readIfThere(path: string, sizeMax: number): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size > sizeMax) throw new StorageError('metadata-corrupt', `${path} takes ${size} bytes; ${sizeMax} are the most that make sense`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** True for a system error with one of the codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
