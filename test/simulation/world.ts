/**
 * A world with its own time and its own chance: everything that happens in it happens in one order, which a seed decides.
 * What code of a node does is an event of that node's life; the promises that an event settles run to exhaustion before the next event.
 */

/** One process of a node. What belongs to a dead one never happens; what belongs to one that stands still waits. */
export class Life {
  isDead = false;
  isPaused = false;
  readonly deferred: Happening[] = [];

  constructor(readonly name: string) {}
}

interface Happening {
  atMs: number;
  readonly order: number;
  readonly life: Life | undefined;
  readonly label: string;
  readonly run: () => void;
  isCancelled: boolean;
}

export interface Scheduled {
  cancel(): void;
}

/** Taken before anybody can replace them. */
const realSetImmediate = setImmediate;

/** 2026-01-01T00:00:00Z. */
export const EPOCH_MS = 1_767_225_600_000;

export class World {
  nowMs = 0;
  /** Whose code runs. */
  current: Life | undefined;
  readonly chance: Chance;
  #traceA = 0x811c9dc5;
  #traceB = 0x9e3779b9;
  #eventCount = 0;
  #lastOrder = 0;
  readonly #queue: Happening[] = [];
  readonly #killListeners: ((life: Life) => void)[] = [];
  /** The latest lines of what happened, for people. */
  readonly lines: string[] = [];

  constructor(
    readonly seed: number,
    private readonly linesMax = 0,
  ) {
    this.chance = new Chance(seed);
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** The same for two runs in which the same happened. */
  get traceHash(): string {
    return `${(this.#traceA >>> 0).toString(16)}${(this.#traceB >>> 0).toString(16)}`;
  }

  /** Has something happen later, in the life of whoever asks unless another, or nobody's, is named. */
  schedule(delayMs: number, label: string, run: () => void, life: Life | 'nobody' | undefined = this.current): Scheduled {
    const happening: Happening = { atMs: this.nowMs + Math.max(0, delayMs), order: ++this.#lastOrder, life: life === 'nobody' ? undefined : life, label, run, isCancelled: false };
    this.#push(happening);
    return { cancel: () => (happening.isCancelled = true) };
  }

  /** Says what happened; part of the trace. */
  note(text: string): void {
    this.#mix(text);
    if (this.linesMax === 0) return;
    this.lines.push(`${(this.nowMs / 1000).toFixed(4)} ${this.current?.name ?? '-'}: ${text}`);
    if (this.lines.length > this.linesMax) this.lines.shift();
  }

  kill(life: Life): void {
    life.isDead = true;
    life.deferred.length = 0;
    for (const listener of this.#killListeners) listener(life);
  }

  onKill(listener: (life: Life) => void): void {
    this.#killListeners.push(listener);
  }

  pause(life: Life): void {
    life.isPaused = true;
  }

  resume(life: Life): void {
    life.isPaused = false;
    for (const happening of life.deferred.splice(0)) {
      happening.atMs = this.nowMs;
      this.#push(happening);
    }
  }

  /** Goes on until the condition is met, the time is over, or (unless it is endless) nothing is left to happen. True where it is met. */
  async run(isDone: () => boolean, limitMs: number, { isEndless = false } = {}): Promise<boolean> {
    while (!isDone()) {
      const next = this.#queue[0];
      if (next === undefined && isEndless) {
        await new Promise((resolve) => realSetImmediate(resolve));
        continue;
      }
      if (next === undefined || next.atMs > limitMs) return false;
      this.#pop();
      const { life } = next;
      if (next.isCancelled || life?.isDead === true) continue;
      if (life?.isPaused === true) {
        life.deferred.push(next);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#eventCount++;
      this.#mix(next.label);
      this.current = life;
      next.run();
      // All promises that this settles, and those that they settle.
      await new Promise((resolve) => realSetImmediate(resolve));
      this.current = undefined;
    }
    return true;
  }

  #mix(text: string): void {
    let a = this.#traceA ^ Math.round(this.nowMs * 1000);
    let b = this.#traceB;
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
      b = Math.imul(b + a, 0x85ebca6b) ^ (b >>> 13);
    }
    this.#traceA = a;
    this.#traceB = b;
  }

  #push(happening: Happening): void {
    const queue = this.#queue;
    let index = queue.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(happening, queue[parent]!)) break;
      queue[index] = queue[parent]!;
      index = parent;
    }
    queue[index] = happening;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child++;
      if (!isBefore(queue[child]!, last)) break;
      queue[index] = queue[child]!;
      index = child;
    }
    queue[index] = last;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Chance from a seed (sfc32). */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) ^ 0x9e3779b9;
    this.#c = 0x243f6a88;
    for (let i = 0; i < 15; i++) this.next();
  }

  /** 32 random bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  fraction(): number {
    return this.next() / 2 ** 32;
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least);
  }

  is(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }

  /** One of several, as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][];
    let ticket = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of entries) if ((ticket -= weight) < 0) return value;
    return entries.at(-1)![0];
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.next() & 255);
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.next().toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}
