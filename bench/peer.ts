/** Two nodes in two processes on loopback: small calls a second, and shard data each way, on one connection. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { silentLog, SystemClock, systemRandom } from '../src/base/index.js';
import { connectPeer, DataAnswer, internodeKey, listen, PeerServer, sharedMemory, type Peer } from '../src/net/index.js';

const SHARD_BYTES = 1024 * 1024;
const common = { key: internodeKey('root', 'bench-secret'), clock: new SystemClock(), log: silentLog };

async function answer(): Promise<void> {
  const server = new PeerServer({ node: 'b:1', processId: 'b', ...common });
  server.handle('small', ({ payload }) => payload);
  server.handle('take', () => null);
  server.handle('give', () => {
    const memory = sharedMemory.take(SHARD_BYTES);
    return new DataAnswer(null, memory, () => sharedMemory.give(memory));
  });
  const { port } = await listen({ address: { host: '127.0.0.1', port: 0 }, handler: (_, response) => response.end(), upgrades: server });
  process.send?.(port);
}

export async function run(durationMs: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['answer']);
  const port = await new Promise<number>((resolve) => child.once('message', resolve));
  const peer = connectPeer({ node: 'a:1', processId: 'a', ...common, random: systemRandom, address: { node: 'b:1', host: '127.0.0.1', port, scheme: 'http' } });
  await new Promise<void>((resolve) => {
    const stop = peer.onChange(({ kind }) => {
      if (kind !== 'connected') return;
      stop();
      resolve();
    });
  });
  const shards = Array.from({ length: 8 }, () => new Uint8Array(new SharedArrayBuffer(SHARD_BYTES)));
  const perSecond = async (concurrency: number, call: (peer: Peer, worker: number) => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    let count = 0;
    const work = async (_: unknown, worker: number): Promise<void> => {
      for (; performance.now() - startedMs < durationMs; count++) await call(peer, worker);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return (count / (performance.now() - startedMs)) * 1000;
  };
  const small = (one: Peer): Promise<unknown> => one.call('small', ['/drive', 'id', 'bucket', 'some/key']);
  console.log(`peer small calls x1     ${(await perSecond(1, small)).toFixed(0)}/s`);
  console.log(`peer small calls x64    ${(await perSecond(64, small)).toFixed(0)}/s`);
  console.log(`peer write 1 MiB x8     ${(await perSecond(8, (one, worker) => one.call('take', null, { data: [shards[worker] ?? new Uint8Array(0)] }))).toFixed(0)} MiB/s`);
  console.log(`peer read 1 MiB x8      ${(await perSecond(8, (one, worker) => one.call('give', null, { into: shards[worker] ?? new Uint8Array(0) }))).toFixed(0)} MiB/s`);
  await peer.close();
  child.kill();
}

if (process.argv[2] === 'answer') await answer();
