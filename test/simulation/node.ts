/** A node of the simulated cluster: what src/server puts together, over simulated drives and peers. */
import type { Clock, Log, Random } from '../../src/base/index.js';
import { LockGroup, LockTable, LocalLocker, RemoteLocks, openDeployment, parseDriveArguments, serveLocks, type ClusterLayout, type Deployment, type Locker, type LockVoter, type OpenedDeployment } from '../../src/cluster/index.js';
import { LocalDrive, RemoteDrive, serveDrives, type Drive } from '../../src/drive/index.js';
import { startHousekeeping } from '../../src/server/housekeeping.js';
import { createStore, type Store } from '../../src/store/index.js';
import type { Cluster } from './cluster.js';
import { SimulatedPeer, SimulatedService } from './network.js';
import { startThread } from './thread.js';
import { EPOCH_MS, type Life, type World } from './world.js';

export const PORT = 9000;
const DRIVE_CHECK_MS = 2000;
const PEERS_WAIT_MS = 5000;

/** The world's time, as far off as the clock of this node is. */
class SimulatedClock implements Clock {
  #lastNs = 0n;

  constructor(
    private readonly world: World,
    private readonly skewMs: number,
  ) {}

  now(): number {
    return Math.floor(EPOCH_MS + this.world.nowMs + this.skewMs);
  }
  nextModTimeNs(): bigint {
    const nowNs = BigInt(this.now()) * 1_000_000n;
    this.#lastNs = nowNs > this.#lastNs ? nowNs : this.#lastNs + 1n;
    return this.#lastNs;
  }
  monotonicMs(): number {
    return this.world.nowMs;
  }
}

/** One process of a node, from its start to its end. */
export class NodeProcess {
  store: Store | undefined;
  opened: OpenedDeployment | undefined;
  locks: LockGroup | undefined;
  table: LockTable | undefined;
  /** Why it could not start. */
  failure: unknown;
  #stopHousekeeping: (() => Promise<void>) | undefined;
  readonly #peers = new Map<string, SimulatedPeer>();
  readonly #own = new Map<string, LocalDrive>();

  constructor(
    readonly cluster: Cluster,
    readonly name: string,
    readonly life: Life,
  ) {}

  get deployment(): Deployment | undefined {
    return this.opened?.deployment;
  }

  get isServing(): boolean {
    return this.store !== undefined && !this.life.isDead && !this.life.isPaused;
  }

  /** Runs in the life of this process. */
  async start(): Promise<void> {
    const { world, network, args } = this.cluster;
    const { chance } = world;
    const [host = ''] = this.name.split(':');
    const random: Random = { uuid: () => chance.uuid(), bytes: (count) => chance.bytes(count), fraction: () => chance.fraction() };
    const clock = new SimulatedClock(world, chance.between(-300, 300));
    const log = this.#log();
    const layout = await parseDriveArguments(args, {
      listen: { host, port: PORT },
      hosts: { addressesOf: (name) => Promise.resolve([name]), isOwnAddress: (address) => address === host },
    });
    const isAlone = layout.nodes.length === 0;
    const self = isAlone ? this.name : layout.nodes.find(({ isThisNode }) => isThisNode)!.name;
    const service = new SimulatedService(this.life, random.uuid());
    const table = new LockTable({ node: self, peers: layout.nodes.filter(({ isThisNode }) => !isThisNode).map(({ name }) => name), clock });
    this.table = table;
    serveLocks(service, table);
    serveDrives(service, { find: (path) => this.#own.get(path), openGuest: (path) => this.#openLocal(path) });
    network.services.set(self, service);
    const known = new Set<string>();
    for (const { name, isThisNode } of layout.nodes) {
      if (isThisNode) continue;
      const peer = new SimulatedPeer(network, this.life, self, service.processId, name);
      this.#peers.set(name, peer);
      peer.onChange(({ kind }) => {
        if (kind !== 'connecting') known.add(name);
        if (kind === 'connected') this.locks?.renewAt(name);
      });
    }
    this.opened = await this.#openDeployment(layout, clock, random, log);
    const { deployment } = this.opened;
    const locker = isAlone ? new LocalLocker() : this.#lockGroup(layout, { node: self, process: service.processId }, table, clock, random);
    const store = createStore({
      deployment, locker, clock, random, log,
      ...(!isAlone && { announceBucket: (bucket: string) => this.#tell('bucket.changed', bucket) }),
    });
    if (!isAlone) {
      service.handle('bucket.changed', ({ payload }) => {
        if (typeof payload === 'string') store.forgetBucket(payload);
      });
      service.handle('drives.changed', () => void this.opened?.checkDrives());
      for (const peer of this.#peers.values()) peer.onChange(({ kind }) => kind === 'connected' && void this.opened?.checkDrives());
      const deadlineMs = world.nowMs + PEERS_WAIT_MS;
      while (known.size < this.#peers.size && world.nowMs < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 50));
      await this.opened.checkDrives();
      await this.#tell('drives.changed', undefined);
    }
    await store.recover();
    store.healing.start();
    this.#stopHousekeeping = startHousekeeping(store, { random, log, isShared: !isAlone });
    this.store = store;
    world.note('serves');
  }

  /** As SIGTERM does, with nothing in flight to wait for. */
  stop(): void {
    const { world } = this.cluster;
    if (this.store === undefined || this.life.isDead) return;
    const { store } = this;
    this.store = undefined;
    world.schedule(0, `${this.life.name} stops`, () => {
      const close = async (): Promise<void> => {
        await this.#stopHousekeeping?.();
        await store.healing.close();
        await store.idle();
        this.locks?.close();
        await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
        this.table?.close();
        await this.opened?.close();
      };
      void close().finally(() => {
        this.cluster.kill(this.name);
        world.schedule(world.chance.between(50, 3000), 'start after a stop', () => this.cluster.start(this.name), 'nobody');
      });
    }, this.life);
  }

  #lockGroup(layout: ClusterLayout, owner: { readonly node: string; readonly process: string }, table: LockTable, clock: Clock, random: Random): Locker {
    const voters = new Map<string, LockVoter>([[owner.node, table]]);
    for (const peer of this.#peers.values()) voters.set(peer.node, new RemoteLocks(peer));
    const [pool] = layout.pools;
    const names = new Set(pool!.drives.map(({ node }) => node!.name));
    const answering = [...names].map((name) => voters.get(name)!);
    this.locks = new LockGroup({ owner, votersOf: () => answering, voters: [...voters.values()], clock, random });
    for (const peer of this.#peers.values()) this.locks.renewAt(peer.node);
    return this.locks;
  }

  #openDeployment(layout: ClusterLayout, clock: Clock, random: Random, log: Log): Promise<OpenedDeployment> {
    return openDeployment({
      layouts: layout.pools,
      openDrive: ({ path, name, node }): Drive => {
        if (node?.isThisNode === false) return new RemoteDrive({ peer: this.#peers.get(node.name)!, endpoint: name, path });
        const drive = this.#openLocal(path, name);
        if (node !== undefined && !this.#own.has(path)) this.#own.set(path, drive);
        return drive;
      },
      ...(layout.nodes.length > 0 && {
        isReachable: (node: { readonly name: string }) => this.#peers.get(node.name)?.state.kind === 'connected',
        waiting: {
          isFirst: layout.nodes[0]?.isThisNode === true,
          missingNodes: () => '',
          pause: (waitedMs: number) => new Promise<void>((resolve) => setTimeout(resolve, waitedMs < 5000 ? 200 : 1000)),
        },
      }),
      makeFolder: () => Promise.resolve(),
      removeFolder: () => Promise.resolve(),
      remakeFolder: () => Promise.resolve(false),
      onFormatted: () => void this.#tell('drives.changed', undefined),
      allowRootDrive: true,
      clock, random, log,
      monitor: {
        intervalMs: DRIVE_CHECK_MS,
        schedule: (callback, delayMs) => {
          const timer = setTimeout(callback, delayMs);
          return () => clearTimeout(timer);
        },
      },
    });
  }

  #openLocal(path: string, name = path): LocalDrive {
    const { world, files } = this.cluster;
    return new LocalDrive(path, { name, startThread: (data) => startThread(world, files.disks.get(path)!, data) });
  }

  async #tell(what: 'bucket.changed' | 'drives.changed', payload: unknown): Promise<void> {
    const connected = [...this.#peers.values()].filter(({ state }) => state.kind === 'connected');
    await Promise.allSettled(connected.map((peer) => peer.call(what, payload, { lane: 'control', deadlineMs: 1000 })));
  }

  #log(): Log {
    const { world } = this.cluster;
    const say = (level: string) => (message: string, fields?: Record<string, unknown>) => {
      world.note(`${level}: ${message} ${fields === undefined ? '' : JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
      if (level === 'error') this.cluster.complaints.push(`${message} ${JSON.stringify(fields)}`);
    };
    return { info: say('info'), warn: say('warn'), error: say('error') };
  }
}
