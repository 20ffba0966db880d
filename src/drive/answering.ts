/** Answers batches of calls with batches of answers, in order but for what waits for a sync: the loop of a drive's thread. */
import { StorageError, type DriveErrorCode } from '../base/index.js';
import { driveFailure } from './failures.js';
import { Parcel, type Answer, type AnswerBatch, type Failure, type Request, type RequestBatch, type ThreadData } from './messages.js';
import { ThreadCalls, WalkAnswer } from './thread-calls.js';

/** The thread's end of its line to the LocalDrive. */
interface AnsweringPort {
  on(event: 'message', listener: (batch: RequestBatch) => void): unknown;
  postMessage(batch: AnswerBatch, transfers: ArrayBuffer[]): void;
}

/** Begins to answer whatever comes in at the port. */
export function answerCalls(port: AnsweringPort, { root, arena, isReadOnly }: ThreadData): void {
  const answering = new Answering(port, root, new ThreadCalls(root, arena, isReadOnly));
  port.on('message', (batch) => answering.take(batch));
}

class Answering {
  readonly #parcel = new Parcel();
  #answers: Answer[] = [];
  #transfers: ArrayBuffer[] = [];
  #isFlushPlanned = false;

  constructor(
    private readonly port: AnsweringPort,
    private readonly root: string,
    private readonly calls: ThreadCalls,
  ) {
    // Says that it is there: calls' deadlines count from now on.
    this.#post();
  }

  take(batch: RequestBatch): void {
    for (const request of batch.requests) this.#handle(request, batch.buffers);
    this.#flush();
  }

  #handle(request: Request, buffers: readonly ArrayBuffer[]): void {
    const id = request[0];
    try {
      const result = this.calls.answer(request, buffers);
      if (result instanceof Promise) result.then(
        (value) => this.#later(() => this.#succeed(id, value)),
        (error: unknown) => this.#later(() => this.#fail(id, error)),
      );
      else this.#succeed(id, result);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** Answers that come after their batch wait for others that come in the same turn. */
  #later(answer: () => void): void {
    answer();
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #succeed(id: number, value: unknown): void {
    if (id === 0) return;
    if (value instanceof WalkAnswer) {
      this.#transfers.push(value.batch.metas.buffer, value.batch.sizes.buffer);
      this.#answers.push([id, 'value', value.batch]);
    } else if (value instanceof Uint8Array) this.#answers.push([id, 'bytes', this.#parcel.add(value)]);
    else this.#answers.push([id, 'value', value]);
  }

  #fail(id: number, error: unknown): void {
    if (id !== 0) this.#answers.push([id, 'failure', describe(driveFailure(error, 'answer a call', this.root))]);
  }

  #flush(): void {
    if (this.#answers.length > 0) this.#post();
  }

  #post(): void {
    const buffers = this.#parcel.seal();
    this.port.postMessage({ answers: this.#answers, buffers, state: this.calls.state }, [...buffers, ...this.#transfers]);
    this.#answers = [];
    this.#transfers = [];
  }
}

function describe(error: unknown): Failure {
  if (error instanceof StorageError) return { code: error.code as DriveErrorCode, message: error.message };
  return { code: undefined, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
