/**
 * Entry of a digest thread: computes what the pool hands it, one message after the other.
 */
import { parentPort } from 'node:worker_threads';
import { assert } from '../base/index.js';
import { InlineDigest } from './digest.js';
import type { DigestAnswer, DigestRequest, MemoryPlace } from './digest-pool.js';

assert(parentPort, 'digest-thread runs as a worker thread');
const port = parentPort;
const digests = new Map<number, InlineDigest>();
let memory = new SharedArrayBuffer(0);

function answer(message: DigestAnswer): void {
  port.postMessage(message);
}

function digestOf(stream: number): InlineDigest {
  const digest = digests.get(stream);
  assert(digest, 'a stream is opened before it is used');
  return digest;
}

function bytesOf(chunk: Uint8Array | MemoryPlace): Uint8Array {
  return chunk instanceof Uint8Array ? chunk : new Uint8Array(memory, chunk.offset, chunk.length);
}

port.on('message', (request: DigestRequest) => {
  if (request.kind === 'memory') {
    memory = request.memory;
    return;
  }
  const { stream } = request;
  switch (request.kind) {
    case 'open':
      digests.set(stream, new InlineDigest(request.names));
      break;
    case 'update':
      digestOf(stream).update(bytesOf(request.chunk));
      answer({ stream });
      break;
    case 'finish':
      answer({ stream, values: digestOf(stream).values() });
      digests.delete(stream);
      break;
    case 'close':
      digests.delete(stream);
      break;
  }
});
