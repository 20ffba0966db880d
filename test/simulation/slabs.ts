/** The arena is the process's; in a simulation, what a node's process holds of it goes with that process. */
import { Arena, type Slab } from '../../src/erasure/arena.js';
import type { Life, World } from './world.js';

/** Replacements for the arena's methods, and what gives back all that is still held. */
export function watchSlabs(world: World): { readonly methods: Pick<Arena, 'tryAcquire' | 'acquire'>; readonly giveBack: () => void } {
  const held = new Map<Slab, Life | undefined>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the arena below
  const { tryAcquire, acquire } = Arena.prototype;
  const watched = (slab: Slab): Slab => {
    held.set(slab, world.current);
    return { bytes: slab.bytes, release: () => {
      held.delete(slab);
      slab.release();
    } };
  };
  world.onKill((life) => {
    for (const [slab, holder] of held) if (holder === life) slab.release();
  });
  return {
    methods: {
      tryAcquire(this: Arena, size: number) {
        const slab = tryAcquire.call(this, size);
        return slab && watched(slab);
      },
      async acquire(this: Arena, size: number, signal?: AbortSignal) {
        return watched(await acquire.call(this, size, signal));
      },
    },
    giveBack: () => {
      for (const slab of held.keys()) slab.release();
    },
  };
}
