/**
 * Heals that nobody asked for: objects of which a read noticed that some drive lacks or has damaged what it should have. What waits is
 * bounded, and an object waits once. It also counts what the background's heals did.
 */
import { StorageError } from '../../base/index.js';
import type { ErasureSet } from '../../cluster/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';
import type { HealNotices } from '../context.js';
import type { HealQueue } from './heal-queue.js';
import { sleep, type Schedule } from './timers.js';
import type { BackgroundHealStatus, HealFailure, HealItem, HealScan } from './types.js';

/** Objects that wait; what comes beyond is left to the next read, or to the scanner. */
const WAITING_MAX = 10_000;
/** A write that is just ending looks like damage: it has this long. */
const DELAY_MS = 1000;
const FAILURES_MAX = 100;

export interface BackgroundOptions {
  readonly queue: HealQueue;
  readonly schedule: Schedule;
  readonly heal: (set: ErasureSet, volume: string, path: string, scan: HealScan) => Promise<HealItem[]>;
  /** Told of what must not happen. */
  readonly onFailure: (error: unknown) => void;
}

export class BackgroundHeals implements HealNotices {
  /** Objects that wait -> how they are to be looked at. */
  readonly #waiting = new Map<string, HealScan>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #failures: HealFailure[] = [];
  #itemsHealed = 0;
  #bytesHealed = 0;
  #itemsFailed = 0;

  constructor(private readonly options: BackgroundOptions) {}

  status(): BackgroundHealStatus {
    return { itemsHealed: this.#itemsHealed, bytesHealed: this.#bytesHealed, itemsFailed: this.#itemsFailed, queued: this.#waiting.size, failures: [...this.#failures] };
  }

  damaged(set: ErasureSet, volume: string, path: string, scan: HealScan): void {
    const name = `${set.poolIndex}/${set.setIndex}/${volume}/${path}`;
    const known = this.#waiting.get(name);
    if (known !== undefined || this.#waiting.size >= WAITING_MAX || this.#stopped.signal.aborted) {
      if (known !== undefined && scan === 'deep') this.#waiting.set(name, scan);
      return;
    }
    this.#waiting.set(name, scan);
    const heal = this.#heal(set, volume, path, name).finally(() => this.#underWay.delete(heal));
    this.#underWay.add(heal);
  }

  /** Counts what a heal did. */
  count(items: readonly HealItem[]): void {
    for (const { outcome, size, bucket, object, versionId, reason } of items) {
      if (outcome === 'healed') {
        this.#itemsHealed++;
        this.#bytesHealed += size;
      } else if (outcome === 'failed') {
        this.#itemsFailed++;
        this.#failures.push({ bucket, object, versionId, reason });
        if (this.#failures.length > FAILURES_MAX) this.#failures.shift();
      }
    }
  }

  /** Resolves when nothing waits or is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.idle();
  }

  async #heal(set: ErasureSet, volume: string, path: string, name: string): Promise<void> {
    try {
      await sleep(this.options.schedule, DELAY_MS, this.#stopped.signal);
      await this.options.queue.run(set, volume === SYSTEM_VOLUME ? 'system' : 'read', async () => {
        const scan = this.#waiting.get(name) ?? 'normal';
        this.#waiting.delete(name);
        this.count(await this.options.heal(set, volume, path, scan));
      });
    } catch (error) {
      // Stopped, or other requests hold the object: the next read notices again.
      if (!(error instanceof StorageError)) this.options.onFailure(error);
    } finally {
      this.#waiting.delete(name);
    }
  }
}
