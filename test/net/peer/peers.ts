/** Two nodes on loopback, for tests of what lies between them. */
import { systemRandom, SystemClock, type Clock, type Log } from '../../../src/base/index.js';
import {
  connectPeer, internodeKey, listen, PeerServer, type Certificate, type ClusterFacts, type Listener, type Peer, type PeerTimeouts,
} from '../../../src/net/index.js';

export interface NodeSettings {
  readonly secret?: string;
  readonly certificate?: Certificate;
  readonly clock?: Clock;
  readonly facts?: ClusterFacts;
  readonly timeouts?: Partial<PeerTimeouts>;
}

export interface TestNode {
  readonly name: string;
  readonly server: PeerServer;
  readonly listener: Listener;
  /** What it logged, one line each. */
  readonly logged: string[];
  close(): Promise<void>;
}

/** A node that answers; requests that are no upgrade get 200 and their path. */
export async function answeringNode(name: string, settings: NodeSettings = {}): Promise<TestNode> {
  const logged: string[] = [];
  const server = new PeerServer({ node: name, processId: `${name.replace(/\W/g, '-')}-process`, ...commonOf(settings), log: logInto(logged) });
  const listener = await listen({
    address: { host: '127.0.0.1', port: 0 },
    certificate: settings.certificate,
    handler: (request, response) => response.end(request.url),
    upgrades: server,
  });
  return {
    name, server, listener, logged,
    close: async () => {
      server.close();
      await listener.close(0);
    },
  };
}

/** A connection from a node `name` to another; `port` where something stands between. */
export function connectionTo(to: TestNode, settings: NodeSettings & { readonly port?: number; readonly logged?: string[]; readonly as?: string } = {}): Peer {
  return connectPeer({
    node: 'dialing:9000',
    processId: 'dialing-process',
    ...commonOf(settings),
    log: logInto(settings.logged ?? []),
    random: systemRandom,
    address: { node: settings.as ?? to.name, host: '127.0.0.1', port: settings.port ?? to.listener.port, scheme: to.listener.scheme },
  });
}

/** Resolves once the peer's state is of this kind. */
export function stateOf(peer: Peer, kind: Peer['state']['kind']): Promise<string> {
  if (peer.state.kind === kind) return Promise.resolve(peer.state.why);
  return new Promise((resolve) => {
    const stop = peer.onChange((state) => {
      if (state.kind !== kind) return;
      stop();
      resolve(state.why);
    });
  });
}

function commonOf({ secret = 'a-secret-of-the-cluster', clock = new SystemClock(), facts, timeouts }: NodeSettings) {
  return { key: internodeKey('root', secret), clock, ...(facts !== undefined && { facts }), ...(timeouts !== undefined && { timeouts }) };
}

function logInto(lines: string[]): Log {
  const add = (message: string): void => void lines.push(message);
  return { info: add, warn: add, error: add };
}
