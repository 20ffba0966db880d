/** Stripe memory from the arena, and memory of its own for who finds the arena full of slow clients. */
import { acquireSlab as waitForSlab, tryAcquireSlab, type Slab } from '../erasure/index.js';

/** A slow client may hold its slab for minutes; the others do not wait that long. */
const WAIT_MS_MAX = 100;

/** A slab; it never fails. The holder of one must not wait for another: see `trySpareSlab`. */
export async function acquireSlab(size: number): Promise<Slab> {
  const free = tryAcquireSlab(size);
  if (free !== undefined) return free;
  try {
    return await waitForSlab(size, AbortSignal.timeout(WAIT_MS_MAX));
  } catch {
    return { bytes: new Uint8Array(new SharedArrayBuffer(size)), release: () => undefined };
  }
}

/** Second slabs at once: who uploads beside more others than this keeps the drives busy without one. */
const SPARE_SLABS_MAX = 3;
let spareSlabCount = 0;

/** A second slab for the holder of one, if there is one to spare. */
export function trySpareSlab(size: number): Slab | undefined {
  const slab = spareSlabCount < SPARE_SLABS_MAX ? tryAcquireSlab(size) : undefined;
  if (slab === undefined) return undefined;
  spareSlabCount++;
  let isHeld = true;
  return {
    bytes: slab.bytes,
    release: () => {
      if (isHeld) spareSlabCount--;
      isHeld = false;
      slab.release();
    },
  };
}
