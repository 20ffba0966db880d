/**
 * Many copies in one go: several at a time, failures counted and reported while the rest goes on.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { CopyItem } from './copy-plan.js';
import { forEachParallel, readAhead, Slots } from './parallel.js';
import { PART_PARALLEL_DEFAULT, PART_SIZE_DEFAULT, parseSize } from './parts.js';
import { RETRY_DEFAULT } from './retry.js';
import type { TransferContext } from './send.js';
import { SessionStore } from './sessions.js';
import { removeSource, transferItem, type TransferOptions } from './transfer.js';

/** Files and objects under way at the same time, unless `--max-workers` says otherwise. */
const ITEM_PARALLEL_DEFAULT = 8;
/** Requests with bodies under way at the same time, over all objects: bounds memory and sockets. */
const SLOT_COUNT = 16;
/** Items planned ahead of the work, so that totals are known early. */
const PLAN_AHEAD_MAX = 10_000;

/** What a run adds up to; also grows while it runs. */
export interface TransferTotals {
  /** Items and bytes planned so far. */
  itemCount: number;
  sizeBytes: number;
  /** Bytes that have moved. */
  movedBytes: number;
  doneCount: number;
  failedCount: number;
}

export interface TransferListener {
  /** Before an item's first byte moves. */
  onStart(item: CopyItem, totals: TransferTotals): void;
  onBytes(totals: TransferTotals): void;
  onFailed(item: CopyItem, error: unknown): void;
}

export interface RunOptions extends TransferOptions {
  /** 0 or undefined: the default. */
  readonly itemParallel?: number | undefined;
  /** Remove each source after its copy. */
  readonly isMove: boolean;
}

export function emptyTotals(): TransferTotals {
  return { itemCount: 0, sizeBytes: 0, movedBytes: 0, doneCount: 0, failedCount: 0 };
}

/**
 * Copies all items. An item's failure is told to the listener and the others go on; a failure of the planning itself
 * ends the run after the items under way, and is thrown.
 */
export async function runTransfers(
  items: AsyncIterable<CopyItem>,
  options: RunOptions,
  context: Omit<TransferContext, 'onBytes'>,
  listener: TransferListener,
  totals: TransferTotals = emptyTotals(),
): Promise<TransferTotals> {
  const shared: TransferContext = {
    ...context,
    onBytes: (count) => {
      totals.movedBytes += count;
      listener.onBytes(totals);
    },
  };
  const planned = readAhead(items, PLAN_AHEAD_MAX, (item) => {
    totals.itemCount += 1;
    totals.sizeBytes += item.sizeBytes;
  });
  await forEachParallel(planned, options.itemParallel || ITEM_PARALLEL_DEFAULT, async (item) => {
    context.signal.throwIfAborted();
    listener.onStart(item, totals);
    try {
      await transferItem(item, options, shared);
      if (options.isMove) await removeSource(item, shared);
      totals.doneCount += 1;
    } catch (error) {
      context.signal.throwIfAborted();
      totals.failedCount += 1;
      listener.onFailed(item, error);
    }
  });
  return totals;
}

/** The context of a command's transfers: part size and count from the environment as mc reads them. */
export function transferContext(
  configDir: string,
  signal: AbortSignal,
  own: Partial<Pick<TransferContext, 'partSizeBytes' | 'partParallel' | 'isMultipartDisabled' | 'uploadLimit' | 'downloadLimit' | 'checksum'>> = {},
): Omit<TransferContext, 'onBytes'> {
  // Every request of a run listens to this one signal.
  setMaxListeners(0, signal);
  const size = process.env['MC_UPLOAD_MULTIPART_SIZE'];
  const threads = Number(process.env['MC_UPLOAD_MULTIPART_THREADS']);
  return {
    signal,
    sessions: new SessionStore(join(configDir, 'transfers')),
    slots: new Slots(SLOT_COUNT),
    partSizeBytes: size === undefined || size === '' ? PART_SIZE_DEFAULT : parseSize(size, 'MC_UPLOAD_MULTIPART_SIZE'),
    partParallel: Number.isInteger(threads) && threads > 0 ? threads : PART_PARALLEL_DEFAULT,
    isMultipartDisabled: false,
    retry: RETRY_DEFAULT,
    ...own,
  };
}
