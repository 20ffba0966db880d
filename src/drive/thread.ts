/** Entry of a drive's thread: answers batches of calls with batches of answers, in order but for what waits for a sync. */
import { parentPort, workerData } from 'node:worker_threads';

import { assert, StorageError, type DriveErrorCode } from '../base/index.js';
import { driveFailure } from './failures.js';
import { Parcel, type Answer, type Failure, type Request, type RequestBatch, type ThreadData } from './messages.js';
import { ThreadCalls, WalkAnswer } from './thread-calls.js';

const port = parentPort;
assert(port !== null, 'this module is the entry of a worker thread');
const { root, arena, isReadOnly } = workerData as ThreadData;
const calls = new ThreadCalls(root, arena, isReadOnly);
const parcel = new Parcel();
let answers: Answer[] = [];
let transfers: ArrayBuffer[] = [];
let isFlushPlanned = false;

port.on('message', (batch: RequestBatch) => {
  for (const request of batch.requests) handle(request, batch.buffers);
  flush();
});

// Says that it is there: calls' deadlines count from now on.
port.postMessage({ answers, buffers: [], state: calls.state });

function handle(request: Request, buffers: readonly ArrayBuffer[]): void {
  const id = request[0];
  try {
    const result = calls.answer(request, buffers);
    if (result instanceof Promise) result.then(
      (value) => later(() => succeed(id, value)),
      (error: unknown) => later(() => fail(id, error)),
    );
    else succeed(id, result);
  } catch (error) {
    fail(id, error);
  }
}

/** Answers that come after their batch wait for others that come in the same turn. */
function later(answer: () => void): void {
  answer();
  if (isFlushPlanned) return;
  isFlushPlanned = true;
  setImmediate(() => {
    isFlushPlanned = false;
    flush();
  });
}

function succeed(id: number, value: unknown): void {
  if (id === 0) return;
  if (value instanceof WalkAnswer) {
    transfers.push(value.batch.metas.buffer, value.batch.sizes.buffer);
    answers.push([id, 'value', value.batch]);
  } else if (value instanceof Uint8Array) answers.push([id, 'bytes', parcel.add(value)]);
  else answers.push([id, 'value', value]);
}

function fail(id: number, error: unknown): void {
  if (id !== 0) answers.push([id, 'failure', describe(driveFailure(error, 'answer a call', root))]);
}

function describe(error: unknown): Failure {
  if (error instanceof StorageError) return { code: error.code as DriveErrorCode, message: error.message };
  return { code: undefined, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function flush(): void {
  if (answers.length === 0) return;
  const buffers = parcel.seal();
  port?.postMessage({ answers, buffers, state: calls.state }, [...buffers, ...transfers]);
  answers = [];
  transfers = [];
}
