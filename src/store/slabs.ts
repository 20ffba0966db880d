/** Stripe memory from the arena, and memory of its own for who finds the arena full of slow clients. */
import { acquireSlab as waitForSlab, tryAcquireSlab, type Slab } from '../erasure/index.js';

/** A slow client may hold its slab for minutes; the others do not wait that long. */
const WAIT_MS_MAX = 100;

/** A slab; it never fails. The holder of one must not wait for another: see `trySlab`. */
export async function acquireSlab(size: number): Promise<Slab> {
  const free = tryAcquireSlab(size);
  if (free !== undefined) return free;
  try {
    return await waitForSlab(size, AbortSignal.timeout(WAIT_MS_MAX));
  } catch {
    return { bytes: new Uint8Array(new SharedArrayBuffer(size)), release: () => undefined };
  }
}

/** A slab if there is one to spare. */
export function trySlab(size: number): Slab | undefined {
  return tryAcquireSlab(size);
}
