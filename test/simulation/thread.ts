/** The thread of a simulated drive: production's calls, each batch of which takes its time to get there and back. */
import { answerCalls } from '../../src/drive/answering.js';
import type { AnswerBatch, RequestBatch, ThreadData } from '../../src/drive/messages.js';
import type { DriveThread } from '../../src/drive/thread-link.js';
import type { Disk } from './disk.js';
import type { World } from './world.js';

/** How often a batch looks whether the disk still hangs. */
const HUNG_LOOK_MS = 20;

/** Starts a thread over the folder that a disk is mounted at. */
export function startThread(world: World, disk: Disk, data: ThreadData): DriveThread {
  const toThread = new Line<RequestBatch>(world, `${disk.path} is asked`, () => (disk.isHung ? undefined : world.chance.between(0.02, 0.5) + disk.slowMs));
  const toDrive = new Line<AnswerBatch>(world, `${disk.path} answers`, () => world.chance.between(0.01, 0.1));
  world.schedule(0, `${disk.path} starts`, () =>
    answerCalls({ on: (_event, listener) => toThread.listen(listener), postMessage: (batch) => toDrive.send(batch) }, data),
  );
  return {
    on: (event: string, listener: never) => {
      if (event === 'message') toDrive.listen(listener);
    },
    postMessage: (batch: RequestBatch) => toThread.send(batch),
    terminate: () => {
      toThread.close();
      toDrive.close();
      return Promise.resolve();
    },
    unref: () => {},
  };
}

/** One way between two threads: what is sent arrives in order. */
class Line<T> {
  #listener: ((value: T) => void) | undefined;
  readonly #waiting: T[] = [];
  #isUnderWay = false;
  #isClosed = false;

  constructor(
    private readonly world: World,
    private readonly label: string,
    /** undefined while nothing gets through. */
    private readonly delayMs: () => number | undefined,
  ) {}

  listen(listener: (value: T) => void): void {
    this.#listener = listener;
  }

  send(value: T): void {
    if (this.#isClosed) return;
    this.#waiting.push(value);
    if (!this.#isUnderWay) this.#advance();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
  }

  #advance(): void {
    this.#isUnderWay = true;
    const delayMs = this.delayMs();
    this.world.schedule(delayMs ?? HUNG_LOOK_MS, this.label, () => {
      this.#isUnderWay = false;
      if (this.#isClosed) return;
      if (delayMs !== undefined && this.#listener !== undefined) this.#listener(this.#waiting.shift()!);
      if (this.#waiting.length > 0) this.#advance();
    });
  }
}
