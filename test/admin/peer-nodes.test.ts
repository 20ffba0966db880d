/** Nodes that ask each other, over peers of one process. */
import { describe, expect, it } from 'vitest';
import { KeptLog } from '../../src/admin/kept-log.js';
import { silentNode, type NodeReport } from '../../src/admin/node-report.js';
import { peerNodes, serveAdmin } from '../../src/admin/peer-nodes.js';
import { silentLog, StorageError, SystemClock, Tracer, type TraceEvent } from '../../src/base/index.js';
import type { CallHandler, Peer, PeerService, StreamHandler } from '../../src/net/index.js';

const caller = { node: 'm1:9000', processId: 'p', closed: new AbortController().signal };
const reportOf = (endpoint: string): NodeReport => ({ ...silentNode(endpoint, '', [], 0), state: 'online' });

/** What one node registered, and a peer that calls it at once. */
function node(endpoint: string) {
  const calls = new Map<string, CallHandler>();
  const streams = new Map<string, StreamHandler>();
  const service: PeerService = { handle: (name, handler) => void calls.set(name, handler), handleStream: (name, handler) => void streams.set(name, handler) };
  const done: string[] = [];
  const tracer = new Tracer();
  const log = new KeptLog(silentLog, new SystemClock());
  const control = { restart: () => done.push('restart'), stop: () => done.push('stop'), freeze: () => done.push('freeze'), unfreeze: () => done.push('unfreeze') };
  serveAdmin({ service, report: () => Promise.resolve(reportOf('localhost:9000')), control, sequences: undefined, tracer, log });
  let isAway = false;
  const away = (): StorageError => new StorageError('drive-not-found', 'm2:9000 does not answer');
  const peer: Pick<Peer, 'node' | 'state' | 'clockOffsetMs' | 'call' | 'open'> = {
    node: endpoint,
    state: { kind: 'connected', why: '' },
    clockOffsetMs: 12,
    call: (name, payload) =>
      isAway ? Promise.reject(away()) : Promise.resolve(calls.get(name)?.({ caller, payload, data: new Uint8Array(0), signal: new AbortController().signal })),
    open: (name, payload, options) => {
      const values: unknown[] = [];
      let wake: (() => void) | undefined;
      const signal = options?.signal ?? new AbortController().signal;
      const send = (value: unknown): Promise<void> => {
        values.push(value);
        wake?.();
        return Promise.resolve();
      };
      const stream = {
        send, end: () => {}, cancel: () => {},
        async *[Symbol.asyncIterator]() {
          signal.addEventListener('abort', () => wake?.());
          while (!signal.aborted) {
            while (values.length > 0) yield values.shift();
            await new Promise<void>((resolve) => (wake = resolve));
          }
        },
      };
      void streams.get(name)?.(stream, { caller, payload, signal });
      return stream;
    },
  };
  return { peer: peer as Peer, tracer, log, done, leave: () => (isAway = true) };
}

const drive = { path: '/e1', poolIndex: 0, setIndex: 0, slot: 2, isOnline: false, isHealing: false, isMisplaced: false, condition: 'ok', remark: '' } as const;

describe('the nodes of a cluster', () => {
  it('report under the names of the cluster, with their clocks', async () => {
    const other = node('m2:9000');
    const nodes = peerNodes({ self: 'm1:9000', report: () => Promise.resolve(reportOf('m1:9000')), peers: [other.peer], statuses: () => [], now: () => 5 });
    expect((await nodes.reports()).map(({ endpoint, state, clockOffsetMs }) => [endpoint, state, clockOffsetMs])).toEqual([['m1:9000', 'online', undefined], ['m2:9000', 'online', 12]]);
  });

  it('are told as offline where they do not answer, with the drives that this node knows of them', async () => {
    const other = node('m2:9000');
    other.leave();
    const fake = { endpoint: 'http://m2:9000/e1', isLocal: false, id: 'id-2', state: 'offline', info: () => Promise.reject(new Error('away')) };
    const nodes = peerNodes({ self: 'm1:9000', report: () => Promise.resolve(reportOf('m1:9000')), peers: [other.peer], statuses: () => [{ ...drive, drive: fake as never }], now: () => 5 });
    const [, lost] = await nodes.reports();
    expect(lost).toMatchObject({ endpoint: 'm2:9000', state: 'offline', reason: 'm2:9000 does not answer', drives: [{ endpoint: 'http://m2:9000/e1', path: '/e1', state: 'offline', slot: 2, remark: 'its node does not answer: m2:9000 does not answer' }] });
    expect(await nodes.announce('freeze')).toEqual([{ host: 'm2:9000', error: 'm2:9000 does not answer' }]);
  });

  it('do what is announced to them', async () => {
    const other = node('m2:9000');
    const nodes = peerNodes({ self: 'm1:9000', report: () => Promise.resolve(reportOf('m1:9000')), peers: [other.peer], statuses: () => [], now: () => 5 });
    expect(await nodes.announce('freeze')).toEqual([{ host: 'm2:9000' }]);
    await expect.poll(() => other.done).toEqual(['freeze']);
  });

  it('can be followed: traces and logs of all come to who asks one', async () => {
    const other = node('m2:9000');
    const nodes = peerNodes({ self: 'm1:9000', report: () => Promise.resolve(reportOf('m1:9000')), peers: [other.peer], statuses: () => [], now: () => 5 });
    const seen: [string, unknown][] = [];
    const abort = new AbortController();
    other.log.warn('before');
    nodes.follow('trace', { kinds: ['http'], onlyErrors: true, thresholdMs: 0 }, (from, value) => seen.push([from, (value as TraceEvent).name]), abort.signal);
    nodes.follow('log', { limit: 5 }, (from, value) => seen.push([from, (value as { message: string }).message]), abort.signal);
    await expect.poll(() => other.tracer.wants('http')).toBe(true);
    const event = { kind: 'http', startedMs: 0, durationMs: 1, path: '/' } as const;
    other.tracer.publish({ ...event, name: 'fine' });
    other.tracer.publish({ ...event, name: 'failed', error: 'x' });
    other.log.error('after');
    await expect.poll(() => seen).toEqual(expect.arrayContaining([['m2:9000', 'before'], ['m2:9000', 'failed'], ['m2:9000', 'after']]));
    expect(seen).toHaveLength(3);
    abort.abort();
    await expect.poll(() => other.tracer.wants('http')).toBe(false);
  });
});
