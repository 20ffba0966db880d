/** What answers a LocalDrive's calls without a thread of its own: starting one from TypeScript sources takes most of a second. */
import { answerCalls } from '../../src/drive/answering.js';
import type { AnswerBatch, RequestBatch, ThreadData } from '../../src/drive/messages.js';
import type { DriveThread } from '../../src/drive/thread-link.js';

/** As a worker: each batch gets there in a later turn, in order. */
export function startInSameThread(data: ThreadData): DriveThread {
  let isClosed = false;
  let onBatch: (batch: RequestBatch) => void = () => {};
  let onAnswers: (batch: AnswerBatch) => void = () => {};
  const later = (deliver: () => void): void =>
    void setImmediate(() => {
      if (!isClosed) deliver();
    });
  answerCalls({ on: (_event, listener) => (onBatch = listener), postMessage: (batch) => later(() => onAnswers(batch)) }, data);
  return {
    on: (event: string, listener: never) => {
      if (event === 'message') onAnswers = listener;
    },
    postMessage: (batch: RequestBatch) => later(() => onBatch(batch)),
    terminate: () => {
      isClosed = true;
      return Promise.resolve();
    },
    unref: () => {},
  };
}
