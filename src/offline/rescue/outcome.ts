import { StorageError } from '../../base/index.js';

/** A drive's answer as a value. Rejects for bugs only. */
export async function outcomeOf<T>(call: Promise<T>): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: StorageError }> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (error instanceof StorageError) return { ok: false, error };
    throw error;
  }
}
