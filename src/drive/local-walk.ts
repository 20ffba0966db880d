/** A walk seen from outside the thread: batches are asked for one ahead of the consumer, and no further. */
import type { WalkEntry, WalkOptions } from './drive.js';
import type { WalkBatch } from './messages.js';
import type { ThreadLink } from './thread-link.js';

/** Throws what the drive answers, and `signal.reason` once that is aborted. */
export async function* walkBatches(link: ThreadLink, walk: number, volume: string, options: WalkOptions): AsyncGenerator<WalkEntry[], void> {
  const { signal, prefix, from, recursive, detail } = options;
  signal?.throwIfAborted();
  await link.call('openWalk', [walk, volume, { prefix, from, recursive, detail }]);
  let next: Promise<WalkBatch> | undefined;
  try {
    let batch = await link.call('nextWalk', [walk]);
    for (;;) {
      signal?.throwIfAborted();
      next = batch.isLast ? undefined : link.call('nextWalk', [walk]);
      // A consumer that stops here never looks at it.
      next?.catch(() => undefined);
      if (batch.sizes.length > 0) yield entriesOf(batch);
      if (next === undefined) return;
      batch = await next;
    }
  } finally {
    if (next !== undefined) link.tell('closeWalk', [walk]);
  }
}

function entriesOf({ keys, sizes, metas }: WalkBatch): WalkEntry[] {
  let offset = 0;
  return keys.split('\0').map((key, index) => {
    const size = sizes[index] ?? -1;
    if (size < 0) return { key, isPrefix: true };
    const meta = metas.subarray(offset, offset + size);
    offset += size;
    return { key, isPrefix: false, meta };
  });
}
