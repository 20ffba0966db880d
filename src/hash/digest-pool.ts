/**
 * The digest threads: started when first needed, shared by all bodies, never keeping the process alive by themselves.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { assert } from '../base/index.js';
import type { Digest, DigestName, DigestValues } from './digest.js';

/** What a digest thread is told. A stream is one body; its messages come in order. */
export type DigestRequest =
  | { readonly kind: 'memory'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'open'; readonly stream: number; readonly names: readonly DigestName[] }
  | { readonly kind: 'update'; readonly stream: number; readonly chunk: Uint8Array | MemoryPlace }
  | { readonly kind: 'finish'; readonly stream: number }
  | { readonly kind: 'close'; readonly stream: number };

/** Bytes of the memory that the thread was given last. */
export interface MemoryPlace {
  readonly offset: number;
  readonly length: number;
}

/** A thread's answer to one `update` (without values) or `finish` (with them), in the order of the requests of the stream. */
export interface DigestAnswer {
  readonly stream: number;
  readonly values?: DigestValues;
}

/** One core is the event loop's; more than four threads outrun any drive. */
const THREAD_COUNT_MAX = Math.min(Math.max(availableParallelism() - 1, 1), 4);

/** Its garbage is a message for each chunk. */
const YOUNG_HEAP_MB = 3;

/** Shared memory from this size on is one that many chunks will lie in. */
const KEPT_MEMORY_BYTES_MIN = 8 * 1024 * 1024;

const threads = new Set<DigestThread>();

export function openThreadedDigest(names: readonly DigestName[]): Digest {
  return new ThreadedDigest(pickThread(), names);
}

/** Ends all digest threads; digests under way fail. The next threaded digest starts new ones. */
export async function closeDigestThreads(): Promise<void> {
  await Promise.all([...threads].map((thread) => thread.terminate()));
}

/** The thread with the fewest bodies; a new one as long as all are busy and there may be more. */
function pickThread(): DigestThread {
  let best: DigestThread | undefined;
  for (const thread of threads) if (!best || thread.streamCount < best.streamCount) best = thread;
  if (best && (best.streamCount === 0 || threads.size >= THREAD_COUNT_MAX)) return best;
  const started = new DigestThread();
  threads.add(started);
  return started;
}

/** One body on its thread. */
interface Stream {
  /** Its unanswered requests, oldest first. */
  readonly waiters: Waiter[];
  /** True from `finish` or `close` on. */
  isEnded: boolean;
}

interface Waiter {
  readonly resolve: (values: DigestValues | undefined) => void;
  readonly reject: (error: Error) => void;
}

class DigestThread {
  readonly #worker: Worker;
  readonly #streams = new Map<number, Stream>();
  #nextStream = 1;
  #unansweredCount = 0;
  #failure: Error | undefined;
  #memory: SharedArrayBuffer | undefined;

  constructor() {
    this.#worker = new Worker(new URL('./digest-thread.js', import.meta.url), { name: 'digest', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MB } });
    this.#worker.unref();
    this.#worker.on('message', (answer: DigestAnswer) => this.#take(answer));
    this.#worker.on('error', (cause) => this.#fail(new Error('a digest thread failed', { cause })));
    this.#worker.on('exit', () => this.#fail(new Error('a digest thread ended')));
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  open(names: readonly DigestName[]): number {
    const stream = this.#nextStream++;
    this.#streams.set(stream, { waiters: [], isEnded: false });
    this.#worker.postMessage({ kind: 'open', stream, names } satisfies DigestRequest);
    return stream;
  }

  async update(stream: number, chunk: Uint8Array): Promise<void> {
    if (chunk.buffer instanceof SharedArrayBuffer) {
      await this.#ask({ kind: 'update', stream, chunk: this.#placeOf(chunk, chunk.buffer) });
    } else {
      // A copy: the memory of a Buffer may belong to a pool and cannot be given away.
      const copy = new Uint8Array(chunk);
      await this.#ask({ kind: 'update', stream, chunk: copy }, [copy.buffer]);
    }
  }

  /** Sending shared memory with each message costs more than all the rest of it: the thread keeps a large one. */
  #placeOf(chunk: Uint8Array, memory: SharedArrayBuffer): Uint8Array | MemoryPlace {
    if (memory.byteLength < KEPT_MEMORY_BYTES_MIN) return chunk;
    if (memory !== this.#memory) {
      this.#memory = memory;
      this.#worker.postMessage({ kind: 'memory', memory } satisfies DigestRequest);
    }
    return { offset: chunk.byteOffset, length: chunk.length };
  }

  async finish(stream: number): Promise<DigestValues> {
    const values = await this.#ask({ kind: 'finish', stream });
    assert(values, 'the answer to a finish carries the values');
    return values;
  }

  close(id: number): void {
    const stream = this.#streams.get(id);
    if (!stream || stream.isEnded) return;
    stream.isEnded = true;
    this.#worker.postMessage({ kind: 'close', stream: id } satisfies DigestRequest);
    if (stream.waiters.length === 0) this.#streams.delete(id);
  }

  #ask(request: Extract<DigestRequest, { kind: 'update' | 'finish' }>, transfer: ArrayBuffer[] = []): Promise<DigestValues | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      const stream = this.#streams.get(request.stream);
      assert(stream && !stream.isEnded, 'a digest takes nothing more after its end');
      if (request.kind === 'finish') stream.isEnded = true;
      stream.waiters.push({ resolve, reject });
      if (this.#unansweredCount++ === 0) this.#worker.ref();
      this.#worker.postMessage(request, transfer);
    });
  }

  #take(answer: DigestAnswer): void {
    const stream = this.#streams.get(answer.stream);
    const waiter = stream?.waiters.shift();
    assert(stream && waiter, 'a digest thread answers only what it was asked');
    if (stream.isEnded && stream.waiters.length === 0) this.#streams.delete(answer.stream);
    if (--this.#unansweredCount === 0) this.#worker.unref();
    waiter.resolve(answer.values);
  }

  #fail(error: Error): void {
    threads.delete(this);
    this.#failure ??= error;
    for (const { waiters } of this.#streams.values()) for (const waiter of waiters.splice(0)) waiter.reject(this.#failure);
  }
}

class ThreadedDigest implements Digest {
  readonly #thread: DigestThread;
  readonly #stream: number;

  constructor(thread: DigestThread, names: readonly DigestName[]) {
    this.#thread = thread;
    this.#stream = thread.open(names);
  }

  update(chunk: Uint8Array): Promise<void> {
    return this.#thread.update(this.#stream, chunk);
  }

  finish(): Promise<DigestValues> {
    return this.#thread.finish(this.#stream);
  }

  close(): void {
    this.#thread.close(this.#stream);
  }
}
