/** This node among the others of its cluster: their connections, locks by quorum, and what nodes tell each other. */
import { assert, type Clock, type Log, type Random } from '../base/index.js';
import { LockGroup, LockTable, RemoteLocks, layoutDifference, layoutFacts, serveLocks, type ClusterLayout, type Deployment, type LockVoter, type NodeAddress } from '../cluster/index.js';
import { PeerServer, connectPeer, internodeKey, type Peer, type PeerState } from '../net/index.js';

interface PeersOptions {
  readonly layout: ClusterLayout;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What another node may tell this one. */
interface PeerNews {
  /** A bucket's settings changed, or the bucket came or went. */
  bucketChanged(bucket: string): void;
  /** A node came back, or put drives in order: they are to be looked at. */
  drivesChanged(): void;
}

/** Who does not answer what is known by heart within this does not hold up a request. */
const TELL_MS = 1000;

export class Peers {
  readonly server: PeerServer;
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #table: LockTable;
  readonly #owner: { readonly node: string; readonly process: string };
  /** Nodes that were found out to be there, or not to be, at least once. */
  readonly #known = new Set<string>();
  #locks: LockGroup | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { layout, clock, random, log } = options;
    const own = layout.nodes.find(({ isThisNode }) => isThisNode);
    assert(own !== undefined, 'this node is one of the layout');
    this.#owner = { node: own.name, process: random.uuid() };
    const common = {
      node: own.name,
      processId: this.#owner.process,
      key: internodeKey(options.accessKey, options.secretKey),
      clock,
      log,
      facts: { own: () => layoutFacts(layout), check: (node: string, facts: unknown) => layoutDifference(layout, node, facts) },
    };
    this.server = new PeerServer(common);
    const others = layout.nodes.filter(({ isThisNode }) => !isThisNode);
    this.#table = new LockTable({ node: own.name, peers: others.map(({ name }) => name), clock });
    serveLocks(this.server, this.#table);
    for (const node of others) {
      const address = { node: node.name, host: node.host, port: node.port, scheme: layout.scheme ?? 'http' };
      const peer = connectPeer({ ...common, address, random });
      this.#peers.set(node.name, peer);
      peer.onChange((state) => this.#changed(peer, state));
    }
  }

  /** This node's `host:port`. */
  get self(): string {
    return this.#owner.node;
  }

  get all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** The connection to a node. */
  peer(node: NodeAddress): Peer {
    const peer = this.#peers.get(node.name);
    assert(peer !== undefined, 'every other node of the layout has a connection');
    return peer;
  }

  isReachable(node: NodeAddress): boolean {
    return this.peer(node).state.kind === 'connected';
  }

  /** Nodes that do not answer, with the reasons; empty where all do. */
  missing(): string {
    return [...this.#peers.values()].flatMap((peer) => (peer.state.kind === 'connected' ? [] : [`${peer.node}: ${peer.state.why}`])).join('; ');
  }

  /** Resolves when each other node is connected or known not to answer, or when the time is over. */
  async settled(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (this.#known.size < this.#peers.size && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** Locks of the deployment's objects: those nodes answer for a name that have drives of the set its key hashes to. */
  lockGroup(deployment: Deployment): LockGroup {
    const { layout, clock, random } = this.#options;
    const voters = new Map<string, LockVoter>([[this.#owner.node, this.#table]]);
    for (const peer of this.#peers.values()) voters.set(peer.node, new RemoteLocks(peer));
    const [pool] = deployment.pools;
    const [drives] = layout.pools;
    assert(pool !== undefined && drives !== undefined, 'a deployment has a pool');
    const bySet = pool.sets.map(({ setIndex, size }) => {
      const names = drives.drives.slice(setIndex * size, (setIndex + 1) * size).map(({ node }) => node?.name ?? '');
      return [...new Set(names)].flatMap((name) => voters.get(name) ?? []);
    });
    const votersOf = (name: string): readonly LockVoter[] => bySet[pool.setIndexOf(name.slice(name.indexOf('/') + 1))] ?? [];
    const locks = new LockGroup({ owner: this.#owner, votersOf, voters: [...voters.values()], clock, random });
    for (const peer of this.#peers.values()) locks.renewAt(peer.node);
    this.#locks = locks;
    return locks;
  }

  /** Has other nodes' news carried out here. */
  listen(news: PeerNews): void {
    this.server.handle('bucket.changed', ({ payload }) => {
      if (typeof payload === 'string') news.bucketChanged(payload);
    });
    this.server.handle('drives.changed', () => news.drivesChanged());
    for (const peer of this.#peers.values()) peer.onChange((state) => state.kind === 'connected' && news.drivesChanged());
  }

  /** Tells all nodes that answer; resolves when they know. */
  async tell(what: 'bucket.changed' | 'drives.changed', payload: unknown): Promise<void> {
    const connected = [...this.#peers.values()].filter((peer) => peer.state.kind === 'connected');
    await Promise.allSettled(connected.map((peer) => peer.call(what, payload, { lane: 'control', deadlineMs: TELL_MS })));
  }

  /** Gives up locks, then connections. */
  async close(): Promise<void> {
    this.#locks?.close();
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
    this.#table.close();
    this.server.close();
  }

  #changed(peer: Peer, { kind }: PeerState): void {
    if (kind !== 'connecting') this.#known.add(peer.node);
    if (kind === 'connected') this.#locks?.renewAt(peer.node);
  }
}
