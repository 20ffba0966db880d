/**
 * What one client of the load generator does over and over, per operation.
 */
import { PerfError } from './perf-error.js';
import type { LightClient, Payload } from './light-client.js';

export const PERF_OPS = ['put', 'get', 'stat', 'list', 'delete', 'mixed'] as const;
export type PerfOp = (typeof PERF_OPS)[number];

/** The objects of one endpoint's bucket. All keys need no encoding. */
export class ObjectPool {
  readonly #keys: string[] = [];
  #serial = 0;
  #cursor = 0;

  get size(): number {
    return this.#keys.length;
  }

  /** A key that was not used before; folders of 1,000 keys keep listings in proportion. */
  freshKey(): string {
    const serial = this.#serial;
    this.#serial += 1;
    return `perf/${String(Math.floor(serial / 1000)).padStart(4, '0')}/${String(serial % 1000).padStart(3, '0')}`;
  }

  add(key: string): void {
    this.#keys.push(key);
  }

  /** The keys in turn. */
  next(): string {
    this.#cursor = (this.#cursor + 1) % this.#keys.length;
    return this.#keys[this.#cursor] ?? '';
  }

  /** Removes one key from the pool; undefined when it is empty. */
  take(): string | undefined {
    return this.#keys.pop();
  }

  /** A prefix that some of the keys have. */
  somePrefix(): string {
    return this.next().slice(0, 'perf/0000/'.length);
  }
}

/** One operation's result: payload bytes moved, and for listings the keys seen. */
interface Done {
  readonly bytes: number;
  readonly items: number;
}

/** Everything that one step needs. */
interface StepContext {
  readonly client: LightClient;
  readonly bucket: string;
  readonly pool: ObjectPool;
  readonly payload: Payload;
}

type Step = (context: StepContext) => Promise<Done | undefined>;

const put: Step = async ({ client, bucket, pool, payload }) => {
  const key = pool.freshKey();
  await client.put(bucket, key, payload);
  pool.add(key);
  return { bytes: payload.data.length, items: 1 };
};

const get: Step = async ({ client, bucket, pool }) => ({ bytes: await client.get(bucket, pool.next()), items: 1 });

const stat: Step = async ({ client, bucket, pool }) => {
  await client.stat(bucket, pool.next());
  return { bytes: 0, items: 1 };
};

/** A page of keys counts as its keys, as warp counts it. */
const list: Step = async ({ client, bucket, pool }) => {
  const page = await client.list(bucket, encodeURIComponent(pool.somePrefix()), '');
  return { bytes: 0, items: page.keys.length };
};

const remove: Step = async ({ client, bucket, pool }) => {
  const key = pool.take();
  if (key === undefined) return undefined;
  await client.delete(bucket, key);
  return { bytes: 0, items: 1 };
};

/**
 * The shares that warp mixes: 45 % reads, 30 % stats, 15 % writes, 10 % deletions. Another client of the run may delete a
 * key between the choice and the request: an answer that it is gone is as good as any other.
 */
const mixed: Step = async (context) => {
  const dice = Math.random();
  if (dice >= 0.75) return dice < 0.9 || context.pool.size < 10 ? put(context) : remove(context);
  try {
    return await (dice < 0.45 ? get(context) : stat(context));
  } catch (error) {
    if (error instanceof PerfError && error.status === 404) return { bytes: 0, items: 1 };
    throw error;
  }
};

/** The step of each operation; it resolves to undefined when there is nothing left to do (all objects deleted). */
export const STEPS: Readonly<Record<PerfOp, Step>> = { put, get, stat, list, delete: remove, mixed };
