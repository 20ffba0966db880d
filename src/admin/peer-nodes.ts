/**
 * The nodes of a cluster, over the connections between them: what each answers to the others, and how they are asked. A
 * node that does not answer in time is told as offline; nothing here waits for one longer than that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StorageError, type Tracer } from '../base/index.js';
import type { DriveStatus } from '../cluster/index.js';
import type { Peer, PeerService } from '../net/index.js';
import { listenLog, listenTrace, type LogWish, type TraceWish } from './calls/streams.js';
import type { ServiceControl } from './context.js';
import type { HealSequences } from './heal-sequences.js';
import type { KeptLog } from './kept-log.js';
import { driveReport } from './local-report.js';
import { silentNode, type Followed, type HealQuestion, type NodeReport, type Nodes, type ServiceAction } from './node-report.js';

/** A report asks drives for at most a second; more is a node in trouble. */
const REPORT_MS = 3000;
const ANNOUNCE_MS = 3000;
const HEAL_MS = 10_000;
const FOLLOW_AGAIN_MS = 2000;
/** Events that may wait for a slow connection; further ones are lost. */
const FOLLOWED_MAX = 10_000;

interface ServedFacts {
  readonly service: PeerService;
  readonly report: () => Promise<NodeReport>;
  readonly control: ServiceControl;
  readonly sequences: HealSequences | undefined;
  readonly tracer: Tracer;
  readonly log: KeptLog;
}

/** Lets the other nodes ask this one. */
export function serveAdmin({ service, report, control, sequences, tracer, log }: ServedFacts): void {
  service.handle('admin.report', () => report());
  service.handle('admin.service', ({ payload }) => {
    if (typeof payload !== 'string' || !Object.hasOwn(control, payload)) throw new StorageError('drive-not-found', `this node does not know the action ${JSON.stringify(payload)}: it runs an older release`);
    // The answer goes out first.
    setImmediate(() => control[payload as ServiceAction]());
    return true;
  });
  service.handle('admin.heal', async ({ payload }) => {
    const { kind, target, token } = payload as HealQuestion;
    try {
      if (sequences === undefined) return undefined;
      if (kind === 'overlap') return sequences.overlapping(target);
      if (kind === 'poll') return sequences.poll(target, token);
      const { token: stopped, startedMs } = await sequences.stop(target);
      return { token: stopped, startedMs };
    } catch {
      // Not here: another node may run it.
      return undefined;
    }
  });
  const follow = (what: Followed, listen: (wish: unknown, push: (value: unknown) => void) => () => void): void => {
    service.handleStream(`admin.${what}`, async (stream, { payload, signal }) => {
      const waiting: unknown[] = [];
      let wake: (() => void) | undefined;
      const stop = listen(payload, (value) => {
        if (waiting.length < FOLLOWED_MAX) waiting.push(value);
        wake?.();
      });
      const onAbort = (): void => wake?.();
      signal.addEventListener('abort', onAbort);
      try {
        while (!signal.aborted) {
          for (let value = waiting.shift(); value !== undefined; value = waiting.shift()) await stream.send(value);
          if (!signal.aborted && waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
        stop();
      }
    });
  };
  follow('trace', (wish, push) => listenTrace(tracer, wish as TraceWish, push));
  follow('log', (wish, push) => listenLog(log, wish as LogWish, push));
}

interface PeerNodesFacts {
  /** `host:port` of this node. */
  readonly self: string;
  readonly report: () => Promise<NodeReport>;
  readonly peers: readonly Peer[];
  /** Drives of all nodes, as this one sees them. */
  readonly statuses: () => readonly DriveStatus[];
  readonly now: () => number;
}

export function peerNodes({ self, report, peers, statuses, now }: PeerNodesFacts): Nodes {
  const ask = async (peer: Peer): Promise<NodeReport> => {
    try {
      const answer = (await peer.call('admin.report', null, { deadlineMs: REPORT_MS })) as NodeReport;
      // A peer may be known by another name than it calls itself.
      return { ...answer, endpoint: peer.node, clockOffsetMs: peer.clockOffsetMs };
    } catch (error) {
      const own = statuses().filter(({ drive }) => drive !== undefined && !drive.isLocal && hostOf(drive.endpoint) === peer.node);
      const drives = await Promise.all(own.map(driveReport));
      const why = peer.state.why === '' ? reasonOf(error) : peer.state.why;
      return silentNode(peer.node, why, drives.map((drive) => ({ ...drive, state: 'offline' as const, remark: drive.remark === '' ? `its node does not answer: ${why}` : drive.remark })), now());
    }
  };
  return {
    self,
    isDistributed: true,
    reports: async () => Promise.all([report(), ...peers.map(ask)]),
    announce: (action) =>
      Promise.all(
        peers.map(async (peer) => {
          try {
            await peer.call('admin.service', action, { deadlineMs: ANNOUNCE_MS });
            return { host: peer.node };
          } catch (error) {
            return { host: peer.node, error: reasonOf(error) };
          }
        }),
      ),
    follow: (what, wish, push, signal) => {
      for (const peer of peers) void followPeer(peer, what, wish, push, signal);
    },
    askHeal: async (question) => {
      const answers = await Promise.all(peers.map((peer) => peer.call('admin.heal', question, { deadlineMs: HEAL_MS }).catch(() => undefined)));
      return answers.find((answer) => answer !== undefined && answer !== null) ?? undefined;
    },
  };
}

async function followPeer(peer: Peer, what: Followed, wish: unknown, push: (node: string, value: unknown) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const value of peer.open(`admin.${what}`, wish, { signal })) push(peer.node, value);
    } catch {
      // The node is away, or went away: it is followed again when it is back.
    }
    await sleep(FOLLOW_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

function hostOf(endpoint: string): string | undefined {
  if (!endpoint.includes('://')) return undefined;
  const url = new URL(endpoint);
  return url.port === '' ? `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
