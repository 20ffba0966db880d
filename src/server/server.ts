/**
 * The composition root: listener, drives, store and S3 door are opened in this order and closed in reverse. Several
 * servers can live in one process; nothing here is global.
 */
import { mkdir, readFile, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { KeptLog, isAdminPath } from '../admin/index.js';
import { SystemClock, Tracer, UsageError, pause, systemRandom, type Clock, type Log, type Random } from '../base/index.js';
import { LocalLocker, checkSubmounts, openDeployment, parseDriveArguments, type ClusterLayout, type Deployment, type DriveEndpoint, type DriveStatus, type Locker, type NodeAddress, type OpenedDeployment } from '../cluster/index.js';
import { LocalDrive, RemoteDrive, serveDrives, type Drive } from '../drive/index.js';
import { listen, parseListenAddress, reachableHosts, systemHosts, type Certificate, type Listener, type ListenAddress } from '../net/index.js';
import { createS3Handler, Traffic } from '../s3/index.js';
import { createStore, openFsStore, readOnlyStore, type Store } from '../store/index.js';
import { Gate, openAdmin, type OpenAdmin } from './admin.js';
import { convertHint, findFsDrive, fsDeployment, fsNotice, type FsDrive } from './fs-drive.js';
import { answerHealth } from './health.js';
import { startHousekeeping } from './housekeeping.js';
import { Peers } from './peers.js';
import { kmsKey, type Environment } from './settings.js';

interface ServerConfig {
  /** Drive arguments as typed: folders, ranges. */
  readonly drives: readonly string[];
  /** `:9000`, `127.0.0.1:0`. */
  readonly address: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Demanded in signatures and answered by GetBucketLocation; empty accepts any. */
  readonly region: string;
  readonly certificate?: Certificate | undefined;
  /** MINIO_ERASURE_SET_DRIVE_COUNT, MINIO_STORAGE_CLASS_STANDARD, MINIO_STORAGE_CLASS_RRS. */
  readonly setDriveCount?: string | undefined;
  readonly standardClass?: string | undefined;
  readonly reducedClass?: string | undefined;
  /** MINIO_CI_CD: drives may lie on the root device whatever the others do. */
  readonly allowRootDrive: boolean;
  /** Not a byte of any drive is changed: drives are opened as they are, and every change is refused. */
  readonly isReadOnly?: boolean | undefined;
  readonly log: Log;
  /** Shown by `admin info` as far as the names begin with MINIO_; MINIO_PROMETHEUS_AUTH_TYPE is read here. */
  readonly environment?: Environment | undefined;
  /** Resolves when the server is to stop, though it still waits for other nodes. */
  readonly stopped?: Promise<unknown>;
}

export interface OpenServer {
  /** Resolves when an operator asks over the admin API that the server be restarted or stopped. */
  readonly asked: Promise<'restart' | 'stop'>;
  readonly address: ListenAddress;
  readonly scheme: 'http' | 'https';
  readonly port: number;
  drives(): DriveStatus[];
  /** What its operator must know of what is served; undefined where nothing is unusual. */
  readonly notice: string | undefined;
  setCertificate(certificate: Certificate): void;
  /** Finishes requests in flight, for at most `limitMs`, then closes the drives. A repeated call with less time hurries it. */
  close(limitMs: number): Promise<void>;
}

/** Thrown where the server is stopped while it waits for other nodes. */
export class StoppedError extends Error {}

/** How long a starting node waits to learn which of the others are there. */
const PEERS_WAIT_MS = 5000;
/** How long a request waits for a server that starts: a node is seldom longer about it, and a clear refusal is owed within ten seconds. */
const START_WAIT_MS = 5000;
/** How often drives are looked at that nobody uses. */
const DRIVE_CHECK_MS = 2000;

/** Opens a server. Throws a UsageError, with nothing written and nothing left open, where it cannot start. */
export async function openServer(config: ServerConfig): Promise<OpenServer> {
  const server = new MtsServer(config);
  try {
    await server.open();
  } catch (error) {
    await server.close(0);
    throw error;
  }
  return server;
}

type Door = (request: IncomingMessage, response: ServerResponse) => void;

class MtsServer implements OpenServer {
  readonly address: ListenAddress;
  readonly #config: ServerConfig;
  readonly #clock: Clock = new SystemClock();
  readonly #random: Random = systemRandom;
  #listener: Listener | undefined;
  #peers: Peers | undefined;
  /** By folder: the drives that other nodes ask. */
  readonly #ownDrives = new Map<string, LocalDrive>();
  #opened: OpenedDeployment | undefined;
  #store: Store | undefined;
  #fsDrive: FsDrive | undefined;
  #door: Door | undefined;
  /** Aborted when requests are served, or never will be. */
  readonly #started = new AbortController();
  #admin: OpenAdmin | undefined;
  readonly #log: KeptLog;
  readonly #tracer = new Tracer();
  readonly #traffic = new Traffic();
  readonly #gate = new Gate();
  readonly asked: Promise<'restart' | 'stop'>;
  #ask: (what: 'restart' | 'stop') => void = () => {};
  #stopHousekeeping: (() => Promise<void>) | undefined;
  #closed: Promise<void> | undefined;

  constructor(config: ServerConfig) {
    this.#config = config;
    this.#log = new KeptLog(config.log, this.#clock);
    this.asked = new Promise((resolve) => (this.#ask = resolve));
    this.address = parseListenAddress(config.address);
  }

  get scheme(): 'http' | 'https' {
    return this.#config.certificate === undefined ? 'http' : 'https';
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  async open(): Promise<void> {
    const { certificate, accessKey, secretKey, region, environment = {} } = this.#config;
    const log = this.#log;
    const kms = await kmsKey(environment);
    const layout = await parseDriveArguments(this.#config.drives, { listen: this.address, hosts: systemHosts, setDriveCount: this.#config.setDriveCount });
    checkScheme(layout, this.scheme);
    const own = layout.pools.flatMap((pool) => pool.drives.filter(({ node }) => node?.isThisNode !== false));
    checkSubmounts(await mountTable(), own.map(({ path }) => path));
    this.#fsDrive = await findFsDrive(layout);
    const peers = layout.nodes.length === 0 ? undefined : new Peers({ layout, accessKey, secretKey, clock: this.#clock, random: this.#random, log });
    this.#peers = peers;
    if (peers !== undefined) {
      serveDrives(peers.server, { find: (path) => this.#ownDrives.get(path), openGuest: (path) => this.#openLocal(path) });
    }
    // Listening comes first: a port that is taken is found out before any drive is touched, and probes get answers.
    this.#listener = await listen({ address: this.address, certificate, handler: (request, response) => this.#answer(request, response), upgrades: peers?.server });
    const fsDrive = this.#fsDrive;
    this.#opened = fsDrive === undefined ? await this.#openDeployment(layout, peers) : fsDeployment(fsDrive, new LocalDrive(fsDrive.path, { tracer: this.#tracer, isReadOnly: true }));
    const common = { clock: this.#clock, random: this.#random, log };
    const locker = peers?.lockGroup(this.#opened.deployment) ?? new LocalLocker();
    const isReadOnly = this.#config.isReadOnly === true || fsDrive !== undefined;
    const store = fsDrive === undefined ? this.#createStore(this.#opened.deployment, locker, peers) : openFsStore(fsDrive.path, `this is an FS drive, without erasure coding; ${convertHint(fsDrive.path)}`);
    this.#store = store;
    if (peers !== undefined) await this.#joinCluster(peers, this.#opened, store);
    await store.recover();
    const identity = { accessKey, secretKey };
    const lookup = (key: string): typeof identity | undefined => (key === accessKey ? identity : undefined);
    this.#door = createS3Handler({ store, kms, lookup, region, ...common, serverName: `mts/${VERSION}`, traffic: this.#traffic, tracer: this.#tracer });
    this.#admin = openAdmin({
      endpoint: peers?.self ?? `${reachableHosts(this.address.host).at(-1) ?? '127.0.0.1'}:${this.port}`,
      cluster: peers && { peers: peers.all, service: peers.server },
      opened: this.#opened, store, locker, lookup, region, version: VERSION, environment, clock: this.#clock, random: this.#random, log,
      tracer: this.#tracer, traffic: this.#traffic, gate: this.#gate, onRestart: () => this.#ask('restart'), onStop: () => this.#ask('stop'),
    });
    this.#started.abort();
    if (isReadOnly) return;
    store.healing.start();
    this.#stopHousekeeping = startHousekeeping(store, { random: this.#random, log, isShared: peers !== undefined });
  }

  get notice(): string | undefined {
    return this.#fsDrive && fsNotice(this.#fsDrive);
  }

  drives(): DriveStatus[] {
    return this.#opened?.statuses() ?? [];
  }

  #createStore(deployment: Deployment, locker: Locker, peers: Peers | undefined): Store {
    const isReadOnly = this.#config.isReadOnly === true;
    const store = createStore({
      deployment,
      locker,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      ...(peers && { announceBucket: (bucket: string) => peers.tell('bucket.changed', bucket) }),
      ...(isReadOnly && { schedule: never }),
    });
    return isReadOnly ? readOnlyStore(store, 'the server was started with --read-only; start it without to change anything') : store;
  }

  setCertificate(certificate: Certificate): void {
    this.#listener?.setCertificate(certificate);
  }

  async close(limitMs: number): Promise<void> {
    this.#started.abort();
    this.#admin?.endStreams();
    this.#gate.open();
    const listenerClosed = this.#listener?.close(limitMs);
    this.#closed ??= this.#closeRest(listenerClosed);
    await this.#closed;
  }

  async #closeRest(listenerClosed: Promise<void> | undefined): Promise<void> {
    await listenerClosed;
    await this.#stopHousekeeping?.();
    await this.#store?.healing.close();
    await this.#admin?.close();
    // Answered changes are still being tidied up on the drives.
    await this.#store?.idle();
    await this.#peers?.close();
    await this.#opened?.close();
  }

  /** Not before every node that answers has been looked at: a write must not pass over drives that are well. */
  async #joinCluster(peers: Peers, opened: OpenedDeployment, store: Store): Promise<void> {
    peers.listen({
      bucketChanged: (bucket) => store.forgetBucket(bucket),
      drivesChanged: () => void opened.checkDrives(),
    });
    await peers.settled(PEERS_WAIT_MS);
    await opened.checkDrives();
    await peers.tell('drives.changed', undefined);
  }

  /** The first drive opened in a folder is the one that serves, this node and the others; later ones only look what is there. */
  #openDrive({ path, name, node }: DriveEndpoint, peers: Peers | undefined): Drive {
    if (peers !== undefined && node?.isThisNode === false) return new RemoteDrive({ peer: peers.peer(node), endpoint: name, path });
    const drive = this.#openLocal(path, name);
    if (peers !== undefined && !this.#ownDrives.has(path)) this.#ownDrives.set(path, drive);
    return drive;
  }

  #openLocal(path: string, name = path): LocalDrive {
    return new LocalDrive(path, { tracer: this.#tracer, name, isReadOnly: this.#config.isReadOnly === true });
  }

  /** Waits for other nodes, unless the server is to stop. */
  async #pause(pauseMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isStopped = await Promise.race([
      new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), pauseMs);
      }),
      this.#config.stopped?.then(() => true) ?? new Promise<never>(() => {}),
    ]);
    clearTimeout(timer);
    if (isStopped) throw new StoppedError('the server was stopped while it waited for other nodes');
  }

  #openDeployment({ pools, nodes }: ClusterLayout, peers: Peers | undefined): Promise<OpenedDeployment> {
    return openDeployment({
      layouts: pools,
      openDrive: (endpoint): Drive => this.#openDrive(endpoint, peers),
      ...(peers && {
        isReachable: (node: NodeAddress) => peers.isReachable(node),
        waiting: { isFirst: nodes[0]?.isThisNode === true, missingNodes: () => peers.missing(), pause: (waitedMs: number) => this.#pause(waitedMs < 5000 ? 200 : 1000) },
      }),
      makeFolder: async ({ path }) => void (await mkdir(path, { recursive: true })),
      removeFolder: ({ path }) => rmdir(path),
      ...(this.#config.isReadOnly !== true && {
        remakeFolder: ({ path }: DriveEndpoint, deviceId: number | undefined) => remakeFolder(path, deviceId, this.#config.allowRootDrive),
      }),
      isReadOnly: this.#config.isReadOnly === true,
      onFormatted: () => void peers?.tell('drives.changed', undefined),
      allowRootDrive: this.#config.allowRootDrive,
      standardClass: this.#config.standardClass,
      reducedClass: this.#config.reducedClass,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      monitor: { intervalMs: DRIVE_CHECK_MS, schedule: scheduleOnce },
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (answerHealth(request, response, { deployment: () => this.#deployment, hasDefaultClasses: this.#hasDefaultClasses })) return;
    const door = this.#admin !== undefined && isAdminPath(request.url ?? '') ? this.#admin.handler : this.#door;
    if (door === undefined) void this.#answerWhenStarted(request, response);
    else if (this.#gate.isOpen || door !== this.#door) door(request, response);
    else this.#gate.pass(() => door(request, response));
  }

  /** A balancer sends requests as soon as somebody listens. Their bodies stay with the client meanwhile. */
  async #answerWhenStarted(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await pause(START_WAIT_MS, this.#started.signal);
    if (response.destroyed) return;
    if (this.#door === undefined) refuseNotReady(request, response);
    else this.#answer(request, response);
  }

  get #deployment(): Deployment | undefined {
    return this.#door === undefined ? undefined : this.#opened?.deployment;
  }

  get #hasDefaultClasses(): boolean {
    return (this.#config.standardClass ?? '') === '' && (this.#config.reducedClass ?? '') === '';
  }
}

/** The version in package.json, the same from sources and from dist/. */
export const VERSION = readVersion();

function readVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('mts/package.json') as { readonly version: string }).version;
}

/** Drive URLs say how the nodes talk to each other, and so what this one must listen to. */
function checkScheme({ scheme, nodes }: ClusterLayout, served: 'http' | 'https'): void {
  if (nodes.length === 0 || scheme === served) return;
  throw new UsageError(
    scheme === 'https' ? 'the drive URLs are https, but this server has no certificate' : 'the drive URLs are http, but this server has a certificate and so serves https only',
    scheme === 'https' ? 'put public.crt and private.key into the folder of --certs-dir, on every node' : 'write the drive URLs with https://, on every node',
  );
}

/** For work in the background that is not to be done at all. */
function never(): () => void {
  return () => undefined;
}

function scheduleOnce(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Makes the folder of a lost drive again; see PoolContext. */
async function remakeFolder(path: string, deviceId: number | undefined, allowRootDrive: boolean): Promise<boolean> {
  const [parent, root] = await Promise.all([stat(dirname(path)), stat('/')]);
  if ((deviceId !== undefined && parent.dev !== deviceId) || (parent.dev === root.dev && !allowRootDrive)) return false;
  await mkdir(path);
  return true;
}

/** Linux's list of mounts; empty where there is none. */
async function mountTable(): Promise<string> {
  return readFile('/proc/self/mounts', 'utf8').catch(() => '');
}

const NOT_READY =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>XMinioServerNotInitialized</Code><Message>Server not initialized yet, please try again.</Message></Error>';

function refuseNotReady(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.shouldKeepAlive = false;
  response.writeHead(503, { 'Content-Type': 'application/xml', 'Content-Length': String(NOT_READY.length), 'Retry-After': '60' });
  response.end(request.method === 'HEAD' ? undefined : NOT_READY);
}
