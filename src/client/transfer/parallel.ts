/**
 * Bounded concurrency: many tasks from a lazy source, a fixed number at a time; and a purse of memory that tasks share.
 */

/**
 * Runs `task` over `items`, at most `limit` at the same time, pulling the next item only when a place is free.
 * The first failure stops the pulling; it is thrown after the running tasks have ended.
 */
export async function forEachParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const failed = (): boolean => failure !== undefined;
  try {
    for await (const item of items) {
      if (failed()) break;
      const run: Promise<void> = task(item)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= limit) await Promise.race(running);
      if (failed()) break;
    }
  } catch (error) {
    failure ??= { error };
  }
  await Promise.all(running);
  if (failure) throw failure.error;
}

/** Slots that many objects share, so that parts of several objects together never exceed one bound. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs `task` as soon as a slot is free, first come first served. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resume) => this.#waiting.push(resume));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * Pulls from `items` ahead of the reader, at most `limit` items, so that slow planning and slow work overlap.
 * `onItem` hears of each item as soon as it is known.
 */
export async function* readAhead<T>(items: AsyncIterable<T>, limit: number, onItem: (item: T) => void): AsyncGenerator<T> {
  const ready: T[] = [];
  let isOpen = true;
  let failure: { readonly error: unknown } | undefined;
  let wakeReader = (): void => {};
  let wakePlanner = (): void => {};
  const planning = (async () => {
    try {
      for await (const item of items) {
        if (!isOpen) break;
        onItem(item);
        ready.push(item);
        wakeReader();
        if (ready.length >= limit) await new Promise<void>((resume) => (wakePlanner = resume));
      }
    } catch (error) {
      failure = { error };
    }
    isOpen = false;
    wakeReader();
  })();
  const mayCome = (): boolean => isOpen;
  try {
    while (ready.length > 0 || mayCome()) {
      const item = ready.shift();
      if (item === undefined) await new Promise<void>((resume) => (wakeReader = resume));
      else {
        wakePlanner();
        yield item;
      }
    }
  } finally {
    isOpen = false;
    wakePlanner();
    await planning;
  }
  if (failure) throw failure.error;
}
