/**
 * Heals that admin clients started: each runs by itself, keeps its results until they are fetched, and waits when nobody
 * fetches them. One path is healed by one sequence at a time.
 */
import type { Clock, Log, Random } from '../base/index.js';
import type { HealItem, HealOptions, HealTarget, Healing } from '../store/index.js';
import { AdminError } from './errors.js';

/** Results that may wait for a client; a sequence pauses then. As MinIO. */
const UNREAD_MAX = 1000;
/** A sequence whose results nobody fetches for this long gives up. */
const UNREAD_LIMIT_MS = 24 * 3_600_000;
/** An ended sequence is remembered this long. */
const KEPT_MS = 10 * 60_000;

export type SequenceOptions = Omit<HealOptions, 'signal'>;

export interface NumberedItem {
  /** Counts from 1 in each sequence. */
  readonly id: number;
  readonly item: HealItem;
}

export interface SequenceStart {
  readonly token: string;
  readonly startedMs: number;
}

/** A sequence that runs, beside another one that is wanted. */
export interface RunningSequence extends SequenceStart {
  readonly path: string;
  readonly isSamePath: boolean;
}

export interface SequenceStatus extends SequenceStart {
  readonly state: 'running' | 'finished' | 'stopped';
  /** Why it stopped; empty where it did not fail. */
  readonly detail: string;
  readonly settings: unknown;
  readonly items: readonly NumberedItem[];
}

export class HealSequences {
  readonly #sequences = new Map<string, HealSequence>();

  constructor(private readonly options: { readonly healing: Healing; readonly clock: Clock; readonly random: Random; readonly log: Log }) {}

  /**
   * Starts healing below a target; a sequence that already runs there is given instead, unless `isForced` ends it first.
   * @param settings as the client sent them, given back with each status
   * @throws AdminError XMinioHealOverlappingPaths
   */
  async start(target: HealTarget, options: SequenceOptions, settings: unknown, isForced: boolean): Promise<SequenceStart> {
    this.#forget();
    const path = pathOf(target);
    const running = this.#sequences.get(path);
    if (running?.isRunning === true) {
      if (!isForced) return running;
      await running.stop();
    }
    const overlapping = this.overlapping(target);
    if (overlapping !== undefined) throw overlapRefusal(overlapping, target);
    const { healing, clock, random, log } = this.options;
    const sequence = new HealSequence(random.uuid(), path, settings, clock, log);
    this.#sequences.set(path, sequence);
    sequence.run((signal) => healing.heal(target, { ...options, signal }));
    return sequence;
  }

  /** The sequence of this path, or of one above or below it, that runs. */
  overlapping(target: HealTarget): RunningSequence | undefined {
    const path = pathOf(target);
    const found = [...this.#sequences].find(([other, sequence]) => sequence.isRunning && (other.startsWith(path) || path.startsWith(other)));
    if (found === undefined) return undefined;
    const [other, { token, startedMs }] = found;
    return { path: other, isSamePath: other === path, token, startedMs };
  }

  /** What a sequence did since the last call. Throws AdminError XMinioHealInvalidClientToken, XMinioHealNoSuchProcess. */
  poll(target: HealTarget, token: string): SequenceStatus {
    this.#forget();
    const sequence = this.#sequences.get(pathOf(target));
    if (sequence === undefined) throw new AdminError('XMinioHealNoSuchProcess');
    if (sequence.token !== token) throw new AdminError('XMinioHealInvalidClientToken');
    return sequence.take();
  }

  /** Ends the sequence of a path. Throws AdminError XMinioHealNoSuchProcess. */
  async stop(target: HealTarget): Promise<SequenceStart> {
    this.#forget();
    const sequence = this.#sequences.get(pathOf(target));
    if (sequence === undefined) throw new AdminError('XMinioHealNoSuchProcess');
    await sequence.stop();
    return sequence;
  }

  /** Ends all. */
  async close(): Promise<void> {
    await Promise.all([...this.#sequences.values()].map((sequence) => sequence.stop()));
  }

  #forget(): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [path, { endedMs }] of this.#sequences) if (endedMs !== undefined && nowMs - endedMs > KEPT_MS) this.#sequences.delete(path);
  }
}

export function overlapRefusal(running: RunningSequence, target: HealTarget): AdminError {
  return new AdminError('XMinioHealOverlappingPaths', `The heal of "${running.path || '/'}" is running and overlaps "${pathOf(target) || '/'}"; wait for it or stop it first.`);
}

function pathOf({ bucket = '', prefix = '' }: HealTarget): string {
  return bucket === '' ? '' : `${bucket}/${prefix}`;
}

class HealSequence implements SequenceStart {
  readonly startedMs: number;
  /** By the monotonic clock; undefined while it runs. */
  endedMs: number | undefined;
  #unread: NumberedItem[] = [];
  #lastId = 0;
  #detail = '';
  #wasStopped = false;
  /** Wakes the sequence that waits for a reader. */
  #wake: (() => void) | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #abort = new AbortController();

  constructor(
    readonly token: string,
    private readonly path: string,
    private readonly settings: unknown,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.startedMs = clock.now();
  }

  get isRunning(): boolean {
    return this.endedMs === undefined;
  }

  run(items: (signal: AbortSignal) => AsyncIterable<HealItem>): void {
    this.#ended = this.#consume(items(this.#abort.signal))
      .catch((error: unknown) => {
        if (this.#wasStopped) return;
        this.#detail = error instanceof Error ? error.message : String(error);
        this.log.error(`the heal of "${this.path || '/'}" ended: ${this.#detail}`);
      })
      .finally(() => {
        this.endedMs = this.clock.monotonicMs();
      });
  }

  take(): SequenceStatus {
    const items = this.#unread;
    this.#unread = [];
    this.#wake?.();
    const state = this.isRunning ? 'running' : this.#wasStopped || this.#detail !== '' ? 'stopped' : 'finished';
    const { token, startedMs, settings } = this;
    return { token, startedMs, settings, state, detail: this.#detail, items };
  }

  async stop(): Promise<void> {
    if (this.isRunning) this.#wasStopped = true;
    this.#abort.abort(new Error('the heal was stopped'));
    this.#wake?.();
    await this.#ended;
  }

  async #consume(items: AsyncIterable<HealItem>): Promise<void> {
    for await (const item of items) {
      this.#unread.push({ id: ++this.#lastId, item });
      if (this.#unread.length >= UNREAD_MAX) await this.#reader();
      if (this.#abort.signal.aborted) return;
    }
  }

  /** Resolves when results were fetched or the sequence is stopped. */
  async #reader(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new Error('healing results were not consumed for too long')), UNREAD_LIMIT_MS);
      timer.unref();
    }).finally(() => {
      clearTimeout(timer);
      this.#wake = undefined;
    });
  }
}
