/**
 * Threads for more drives than there are to be threads: a thread takes some 18 MB, whatever it does. Drives that share one wait for each
 * other, so a drive that hangs holds up its neighbour; a server's drives have one each.
 */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import type { AnswerBatch, RequestBatch, ThreadData } from './messages.js';
import type { DriveThread } from './thread-link.js';
import { YOUNG_HEAP_MB } from './thread-limits.js';

export class DriveThreads {
  readonly #threads: { readonly worker: Worker; drives: number }[] = [];

  /** At most `most` threads run. */
  constructor(private readonly most: number) {}

  /** What answers the calls of one more drive. */
  start(data: ThreadData): DriveThread {
    const thread = this.#threads.length < this.most ? this.#add() : this.#threads.reduce((least, one) => (one.drives < least.drives ? one : least));
    thread.drives++;
    const { port1, port2 } = new MessageChannel();
    thread.worker.postMessage({ port: port2, data }, [port2]);
    return new SharedThread(thread.worker, port1, async () => {
      if (--thread.drives > 0) return;
      this.#threads.splice(this.#threads.indexOf(thread), 1);
      await thread.worker.terminate();
    });
  }

  #add(): { readonly worker: Worker; drives: number } {
    const worker = new Worker(new URL('./shared-thread.js', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MB } });
    // Each drive listens to it.
    worker.setMaxListeners(0);
    const thread = { worker, drives: 0 };
    this.#threads.push(thread);
    return thread;
  }
}

class SharedThread implements DriveThread {
  constructor(
    private readonly worker: Worker,
    private readonly port: MessagePort,
    private readonly leave: () => Promise<void>,
  ) {}

  on(event: 'message', listener: (batch: AnswerBatch) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  on(event: 'message' | 'error' | 'exit', listener: ((batch: AnswerBatch) => void) | ((error: Error) => void) | (() => void)): unknown {
    return event === 'message' ? this.port.on('message', listener) : this.worker.on(event, listener as () => void);
  }

  postMessage(batch: RequestBatch, transfers: ArrayBuffer[]): void {
    this.port.postMessage(batch, transfers);
  }

  terminate(): Promise<unknown> {
    this.port.close();
    return this.leave();
  }

  unref(): void {
    this.port.unref();
    this.worker.unref();
  }
}
