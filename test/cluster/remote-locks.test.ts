import { afterEach, describe, expect, it } from 'vitest';

import { SystemClock } from '../../src/base/index.js';
import { LockTable, RemoteLocks, serveLocks } from '../../src/cluster/index.js';
import type { Peer } from '../../src/net/index.js';
import { answeringNode, connectionTo, stateOf } from '../net/peer/peers.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const owner = { node: 'dialing:9000', process: 'dialing-process' };

/** The table of a node, and another node's view of it. */
async function pair(): Promise<{ readonly table: LockTable; readonly remote: RemoteLocks; readonly peer: Peer }> {
  const node = await answeringNode('answering:9000');
  const table = new LockTable({ node: node.name, peers: [owner.node], clock: new SystemClock() });
  serveLocks(node.server, table);
  const peer = connectionTo(node);
  closing.push(() => node.close(), () => table.close(), () => peer.close());
  await stateOf(peer, 'connected');
  return { table, remote: new RemoteLocks(peer), peer };
}

describe('the lock table of another node', () => {
  it('grants, refuses, makes wait, and is told what is given back', async () => {
    const { table, remote } = await pair();
    const first = { id: '1', name: 'bucket/key', mode: 'write' } as const;
    const second = { id: '2', name: 'bucket/key', mode: 'write' } as const;
    expect(await remote.vote(owner, first, 0)).toBe('starting');
    expect(await remote.renew(owner, [])).toEqual([]);
    expect(await remote.vote(owner, first, 0)).toBe('granted');
    expect(await remote.vote(owner, second, 0)).toBe('held');
    const waiting = remote.vote(owner, second, 5000);
    remote.release(owner, first);
    expect(await waiting).toBe('granted');
    expect(await remote.renew(owner, [first, second])).toEqual(['1']);
    remote.release(owner, second);
    await remote.renew(owner, []);
    expect(table.size).toBe(0);
  });

  it('keeps the order of what it is told, so that a claim given back and made again is granted', async () => {
    const { remote } = await pair();
    await remote.renew(owner, []);
    for (let number = 0; number < 200; number++) {
      const claim = { id: String(number), name: 'hot', mode: 'write' } as const;
      const vote = remote.vote(owner, claim, 0);
      remote.release(owner, claim);
      expect(await vote).toBe('granted');
    }
  });

  it('does not take words that are none', async () => {
    const { peer } = await pair();
    for (const payload of [null, 7, { claim: {} }, { claim: { id: 1, name: 'n', mode: 'write' } }, { claims: 'all' }]) {
      for (const operation of ['lock.vote', 'lock.release', 'lock.renew']) {
        if (operation === 'lock.renew' && typeof payload === 'object' && payload !== null && Array.isArray((payload as { claims?: unknown }).claims)) continue;
        await expect(peer.call(operation, payload, { lane: 'control' })).rejects.toMatchObject({ code: 'drive-faulty' });
      }
    }
  });

  it('does not answer when the connection is gone', async () => {
    const { remote, peer } = await pair();
    await peer.close();
    await expect(remote.vote(owner, { id: '1', name: 'k', mode: 'read' }, 0)).rejects.toMatchObject({ code: 'drive-not-found' });
  });
});
