/** Nodes with lock tables in one process, and a network between them that can be cut, slow or silent. For virtual time. */
import type { Clock, Random } from '../../src/base/index.js';
import { LockGroup, LockTable, type LockClaim, type LockOwner, type LockVote, type LockVoter } from '../../src/cluster/index.js';

/** As long as a call may take on the wire. */
const DEADLINE_MS = 2000;

export class LockNode {
  readonly owner: LockOwner;
  readonly table: LockTable;
  readonly group: LockGroup;
  isAlive = true;
  /** Milliseconds that this node's clock is ahead of the others': it stood still for so long while they went on. */
  jumpMs = 0;

  constructor(
    readonly net: LockNet,
    readonly name: string,
    life: number,
  ) {
    const clock: Clock = { now: () => Date.now(), nextModTimeNs: () => 0n, monotonicMs: () => performance.now() + this.jumpMs };
    this.owner = { node: name, process: `${name}.${life}` };
    this.table = new LockTable({ node: name, peers: net.names.filter((peer) => peer !== name), clock });
    const voters = net.names.map((peer): LockVoter => (peer === name ? this.table : new Link(net, this, peer)));
    this.group = new LockGroup({ owner: this.owner, votersOf: () => voters, voters, clock, random: net.random });
  }

  /** As kill -9 ends a process. */
  kill(): void {
    this.isAlive = false;
    this.group.close();
    this.table.close();
  }
}

export class LockNet {
  readonly nodes = new Map<string, LockNode>();
  readonly cuts = new Set<string>();
  latencyMs = (): number => 1;
  #life = 0;

  constructor(
    readonly names: readonly string[],
    readonly random: Random,
  ) {
    for (const name of names) this.start(name);
  }

  start(name: string): LockNode {
    const node = new LockNode(this, name, ++this.#life);
    this.nodes.set(name, node);
    return node;
  }

  node(name: string): LockNode {
    return this.nodes.get(name)!;
  }

  cut(a: string, b: string): void {
    this.cuts.add(`${a} ${b}`).add(`${b} ${a}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  close(): void {
    for (const node of this.nodes.values()) node.kill();
  }
}

/** One node's way to another's table: messages keep their order. */
class Link implements LockVoter {
  #lastMs = 0;

  constructor(
    readonly net: LockNet,
    readonly from: LockNode,
    readonly node: string,
  ) {}

  vote(owner: LockOwner, claim: LockClaim, waitMs: number): Promise<LockVote> {
    return this.#call(waitMs + DEADLINE_MS, (table) => table.vote(owner, claim, waitMs));
  }

  release(owner: LockOwner, claim: LockClaim): void {
    this.#call(DEADLINE_MS, (table) => Promise.resolve(table.release(owner, claim))).catch(() => undefined);
  }

  renew(owner: LockOwner, claims: readonly LockClaim[]): Promise<readonly string[]> {
    return this.#call(DEADLINE_MS, (table) => table.renew(owner, claims));
  }

  #call<T>(deadlineMs: number, work: (table: LockTable) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no answer')), deadlineMs);
      const arriveMs = Math.max(performance.now() + this.net.latencyMs(), this.#lastMs);
      this.#lastMs = arriveMs;
      // The process that is addressed: what was on its way to one that died does not reach the next.
      const target = this.net.nodes.get(this.node);
      setTimeout(() => {
        if (!this.#isOpen(target)) return;
        void work(target.table).then((answer) => {
          setTimeout(() => {
            if (!this.#isOpen(target) || !this.from.isAlive) return;
            clearTimeout(late);
            resolve(answer);
          }, this.net.latencyMs());
        });
      }, arriveMs - performance.now());
    });
  }

  #isOpen(target: LockNode | undefined): target is LockNode {
    return target?.isAlive === true && this.from.isAlive && !this.net.cuts.has(`${this.from.name} ${this.node}`);
  }
}
