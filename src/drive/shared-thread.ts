/** Entry of a thread that several drives share: each comes with a port of its own. */
import { parentPort, type MessagePort } from 'node:worker_threads';

import { assert } from '../base/index.js';
import { answerCalls } from './answering.js';
import type { ThreadData } from './messages.js';

assert(parentPort !== null, 'this module is the entry of a worker thread');
parentPort.on('message', ({ port, data }: { readonly port: MessagePort; readonly data: ThreadData }) => answerCalls(port, data));
