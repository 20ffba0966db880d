/**
 * A mirror run: the planned copies and removals carried out, several at a time.
 */
import { LIST_KEYS_MAX } from '../../base/index.js';
import type { CopyItem } from '../transfer/copy-plan.js';
import type { Place, RemotePlace } from '../transfer/place.js';
import { emptyTotals, runTransfers, type RunOptions, type TransferListener, type TransferTotals } from '../transfer/run.js';
import type { TransferContext } from '../transfer/send.js';
import { planMirror, removeTarget, type MirrorOptions } from './plan.js';

export interface MirrorRunOptions extends MirrorOptions {
  readonly transfer: RunOptions;
  readonly isDryRun: boolean;
  /** Go on with the other objects after one failed. */
  readonly isSkippingErrors: boolean;
}

export interface MirrorListener extends TransferListener {
  onRemove(target: Place, totals: TransferTotals): void;
  onRemoveFailed(target: Place, error: unknown): void;
  /** Differs, but overwriting was not asked for. */
  onConflict(target: Place, reason: 'size' | 'newer'): void;
}

/**
 * Makes the target like the source once. Failures of items go to the listener; a listing that fails is thrown.
 */
export async function runMirror(
  source: Place,
  target: Place,
  options: MirrorRunOptions,
  context: Omit<TransferContext, 'onBytes'>,
  listener: MirrorListener,
): Promise<TransferTotals> {
  const totals = emptyTotals();
  const removals = new RemovalBatch(target, options, listener, totals);
  const state = { isStopped: false };
  const watched: MirrorListener = {
    ...listener,
    onFailed: (item, error) => {
      state.isStopped ||= !options.isSkippingErrors;
      listener.onFailed(item, error);
    },
  };
  await runTransfers(copiesOf(source, target, options, watched, removals, state), options.transfer, context, watched, totals);
  return totals;
}

/** The copies of the plan, for the transfers to pull; removals and conflicts are dealt with on the way. */
async function* copiesOf(
  source: Place,
  target: Place,
  options: MirrorRunOptions,
  listener: MirrorListener,
  removals: RemovalBatch,
  state: { readonly isStopped: boolean },
): AsyncGenerator<CopyItem> {
  const dryRun = emptyTotals();
  for await (const action of planMirror(source, target, options)) {
    if (state.isStopped) return;
    switch (action.kind) {
      case 'copy':
        if (options.isDryRun) listener.onStart(action.item, dryRun);
        else yield action.item;
        break;
      case 'remove':
        await removals.add(action.target);
        break;
      case 'conflict':
        listener.onConflict(action.target, action.reason);
        break;
    }
  }
  await removals.flush();
}

/** Removals, gathered so that a thousand objects are one request. */
class RemovalBatch {
  #places: Place[] = [];

  constructor(
    private readonly root: Place,
    private readonly options: MirrorRunOptions,
    private readonly listener: MirrorListener,
    private readonly totals: TransferTotals,
  ) {}

  async add(place: Place): Promise<void> {
    const [first] = this.#places;
    const isOtherBucket = place.kind === 'remote' && first?.kind === 'remote' && first.bucket !== place.bucket;
    if (isOtherBucket || this.#places.length >= LIST_KEYS_MAX) await this.flush();
    this.#places.push(place);
  }

  async flush(): Promise<void> {
    const places = this.#places;
    this.#places = [];
    if (places.length === 0) return;
    for (const place of places) this.listener.onRemove(place, this.totals);
    if (this.options.isDryRun) return;
    const remotes = places.filter((place) => place.kind === 'remote');
    await this.#removeObjects(remotes);
    for (const place of places) if (place.kind === 'local') await this.#guard(place, () => removeTarget(place, this.root, this.options.signal));
  }

  async #removeObjects(places: readonly RemotePlace[]): Promise<void> {
    const [first] = places;
    if (!first) return;
    await this.#guard(first, async () => {
      const items = places.map(({ key }) => ({ key }));
      for (const outcome of await first.s3.deleteMany(first.bucket, items, { signal: this.options.signal })) {
        const place = places.find(({ key }) => key === outcome.key);
        if (!outcome.error || !place) continue;
        this.totals.failedCount += 1;
        this.listener.onRemoveFailed(place, new Error(outcome.error.message || outcome.error.code));
      }
    });
  }

  async #guard(place: Place, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.options.signal.throwIfAborted();
      this.totals.failedCount += 1;
      this.listener.onRemoveFailed(place, error);
    }
  }
}
