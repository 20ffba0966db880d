/** Entry of a drive's thread. */
import { parentPort, workerData } from 'node:worker_threads';

import { assert } from '../base/index.js';
import { answerCalls } from './answering.js';
import type { ThreadData } from './messages.js';

assert(parentPort !== null, 'this module is the entry of a worker thread');
answerCalls(parentPort, workerData as ThreadData);
