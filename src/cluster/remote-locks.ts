/** The lock table of another node, and this node's table as others ask it. Votes travel on the lane that never waits behind data. */
import { StorageError } from '../base/index.js';
import type { Caller, Peer, PeerService } from '../net/index.js';
import type { LockClaim, LockOwner, LockTable, LockVote, LockVoter } from './lock-table.js';

/** A node that takes longer than this to answer what it knows by heart does not answer. */
const ANSWER_MS = 2000;
const LANE = { lane: 'control' } as const;

export class RemoteLocks implements LockVoter {
  constructor(private readonly peer: Peer) {}

  get node(): string {
    return this.peer.node;
  }

  async vote(_owner: LockOwner, claim: LockClaim, waitMs: number): Promise<LockVote> {
    const vote = await this.peer.call('lock.vote', { claim, waitMs }, { ...LANE, deadlineMs: waitMs + ANSWER_MS });
    if (vote === 'granted' || vote === 'held' || vote === 'starting') return vote;
    throw malformed(this.node);
  }

  release(_owner: LockOwner, claim: LockClaim): void {
    this.peer.call('lock.release', { claim }, { ...LANE, deadlineMs: ANSWER_MS }).catch(() => undefined);
  }

  async renew(_owner: LockOwner, claims: readonly LockClaim[]): Promise<readonly string[]> {
    const lost = await this.peer.call('lock.renew', { claims }, { ...LANE, deadlineMs: ANSWER_MS });
    if (!Array.isArray(lost)) throw malformed(this.node);
    return (lost as unknown[]).map(String);
  }
}

/** Has the other nodes ask this node's table. */
export function serveLocks(service: PeerService, table: LockTable): void {
  service.handle('lock.vote', ({ caller, payload }) => table.vote(ownerOf(caller), claimIn(payload, caller), waitIn(payload)));
  service.handle('lock.release', ({ caller, payload }) => table.release(ownerOf(caller), claimIn(payload, caller)));
  service.handle('lock.renew', ({ caller, payload }) => {
    const claims = field(payload, 'claims');
    if (!Array.isArray(claims)) throw malformed(caller.node);
    return table.renew(ownerOf(caller), (claims as unknown[]).map((claim) => claimIn({ claim }, caller)));
  });
}

function ownerOf({ node, processId }: Caller): LockOwner {
  return { node, process: processId };
}

function claimIn(payload: unknown, caller: Caller): LockClaim {
  const claim = field(payload, 'claim');
  const id = field(claim, 'id');
  const name = field(claim, 'name');
  const mode = field(claim, 'mode');
  if (typeof id !== 'string' || typeof name !== 'string' || (mode !== 'read' && mode !== 'write')) throw malformed(caller.node);
  return { id, name, mode };
}

/** Nobody waits in a line for longer than a client would. */
const WAIT_MAX_MS = 60_000;

function waitIn(payload: unknown): number {
  const waitMs = field(payload, 'waitMs');
  return typeof waitMs === 'number' && waitMs > 0 ? Math.min(waitMs, WAIT_MAX_MS) : 0;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

function malformed(node: string): StorageError {
  return new StorageError('drive-faulty', `the node ${node} says about locks what this version does not understand`);
}
