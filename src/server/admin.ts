/** The admin door of a server, and what it can do to the server. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock, Random, Tracer } from '../base/index.js';
import { createAdminHandler, HealSequences, localReport, peerNodes, serveAdmin, soleNode, type KeptLog, type NodeReport } from '../admin/index.js';
import { allSets, type Locker, type OpenedDeployment } from '../cluster/index.js';
import type { Peer, PeerService } from '../net/index.js';
import type { Identity, Traffic } from '../s3/index.js';
import type { Store } from '../store/index.js';

interface AdminOptions {
  /** `host:port` of this server. */
  readonly endpoint: string;
  readonly opened: OpenedDeployment;
  readonly store: Store;
  readonly locker: Locker;
  readonly lookup: (accessKey: string) => Identity | undefined;
  readonly region: string;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: KeptLog;
  readonly tracer: Tracer;
  readonly traffic: Traffic;
  readonly gate: Gate;
  /** undefined where this server is alone. */
  readonly cluster?: { readonly peers: readonly Peer[]; readonly service: PeerService } | undefined;
  readonly onRestart: () => void;
  readonly onStop: () => void;
}

export interface OpenAdmin {
  readonly handler: (message: IncomingMessage, response: ServerResponse) => void;
  /** Ends streams, so that their connections do not hold up the listener's closing. */
  endStreams(): void;
  /** Stops heals that clients started. */
  close(): Promise<void>;
}

export function openAdmin(options: AdminOptions): OpenAdmin {
  const { opened, store, clock, random, log, tracer, gate, version, region, endpoint, environment } = options;
  const startedMs = clock.now();
  const facts = { endpoint, version, startedMs, clock, environment, statuses: () => opened.statuses(), traffic: options.traffic, healing: store.healing };
  const report = (): Promise<NodeReport> => localReport(facts);
  const { healing } = store;
  // A drive that is alone has no others that it could be healed from.
  const sequences = allSets(opened.deployment).some((set) => set.size > 1) ? new HealSequences({ healing, clock, random, log }) : undefined;
  const closing = new AbortController();
  const service = { restart: options.onRestart, stop: options.onStop, freeze: () => gate.shut(), unfreeze: () => gate.open() };
  const { cluster } = options;
  if (cluster !== undefined) serveAdmin({ service: cluster.service, report, control: service, sequences, tracer, log });
  const nodes = cluster === undefined ? soleNode(endpoint, report) : peerNodes({ self: endpoint, report, peers: cluster.peers, statuses: facts.statuses, now: () => clock.now() });
  const handler = createAdminHandler({
    room: { nodes, deployment: opened.deployment, locker: options.locker, store, healing, sequences, statuses: () => opened.statuses(), service, log, tracer, clock, random, version, region },
    lookup: options.lookup,
    arePublicMetrics: environment['MINIO_PROMETHEUS_AUTH_TYPE'] === 'public',
    serverName: `mts/${version}`,
    closing: closing.signal,
  });
  return {
    handler,
    endStreams: () => closing.abort(new Error('the server closes')),
    close: async () => sequences?.close(),
  };
}

/** Where S3 requests wait while the service is frozen. */
export class Gate {
  #waiting: (() => void)[] | undefined;

  get isOpen(): boolean {
    return this.#waiting === undefined;
  }

  shut(): void {
    this.#waiting ??= [];
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const go of waiting) go();
  }

  /** Calls back when the gate is open. */
  pass(go: () => void): void {
    if (this.#waiting === undefined) go();
    else this.#waiting.push(go);
  }
}
