/** Answers its first message with what it was started with, and with a value from a source file that it imports. */
import { parentPort, workerData } from 'node:worker_threads';
import { BLOCK_SIZE_BYTES } from '../../src/base/index.js';

parentPort?.once('message', (message: unknown) => {
  parentPort?.postMessage({ workerData: workerData as unknown, message, blockSizeBytes: BLOCK_SIZE_BYTES });
});
