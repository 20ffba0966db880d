/**
 * Which servers the drive URLs name, and which of them is this one: the one whose address and port this server listens
 * on. With an address to listen on, 127.0.0.1, 127.0.0.2 and 127.0.0.3 on one port are three nodes; a server that listens
 * on all addresses of its machine is every one of them, as it is for MinIO.
 */
import { UsageError } from '../base/index.js';
import { hostPort, type ListenAddress } from '../net/index.js';
import type { DriveUrl } from './drive-url.js';

export interface NodeAddress {
  /** `host:port` as the arguments have it; the same on all nodes. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly isThisNode: boolean;
}

/** What names mean, and which addresses this machine has. */
export interface Hosts {
  /** Addresses of a host; rejects where the name does not resolve. */
  addressesOf(host: string): Promise<readonly string[]>;
  isOwnAddress(address: string): boolean;
}

export interface NodeOptions {
  readonly listen: ListenAddress;
  readonly hosts: Hosts;
}

interface Nodes {
  readonly nodes: readonly NodeAddress[];
  readonly nodeOf: (url: DriveUrl) => NodeAddress;
}

/** A node and what its host means. */
interface Place {
  readonly node: NodeAddress;
  readonly addresses: readonly string[];
  readonly isThisMachine: boolean;
  /** Why the host does not resolve. */
  readonly failure: string | undefined;
}

/**
 * The nodes of the URLs. A name that does not resolve is another node's, which may come up later, as long as this node is
 * found; rejects with a UsageError where it is not, and where two names or ports mean one server or one folder.
 */
export async function locateNodes(urls: readonly DriveUrl[], options: NodeOptions): Promise<Nodes> {
  const { listen, hosts } = options;
  const portOf = (url: DriveUrl): number => url.port ?? listen.port;
  const nameOf = (url: DriveUrl): string => hostPort(url.host, portOf(url));
  const listened = listen.host === undefined || listen.host === '0.0.0.0' ? undefined : await addressesOrFailure(hosts, listen.host);
  const byName = new Map(urls.map((url) => [nameOf(url), url]));
  const places = await Promise.all(
    [...byName].map(async ([name, url]): Promise<Place> => {
      const { addresses, failure } = await addressesOrFailure(hosts, url.host);
      const isThisMachine = addresses.some((address) => hosts.isOwnAddress(address));
      const isListenedOn = listened === undefined ? isThisMachine : addresses.some((address) => listened.addresses.includes(address));
      return { node: { name, host: url.host, port: portOf(url), isThisNode: isListenedOn && portOf(url) === listen.port }, addresses, isThisMachine, failure };
    }),
  );
  const placeOf = (url: DriveUrl): Place => {
    const place = places.find(({ node }) => node.name === nameOf(url));
    if (place === undefined) throw new Error('assertion failed: every URL has its node');
    return place;
  };
  checkThisNode(places, listen);
  checkSharedPaths(urls.map((url) => ({ path: url.path, place: placeOf(url) })));
  return { nodes: places.map(({ node }) => node), nodeOf: (url) => placeOf(url).node };
}

async function addressesOrFailure(hosts: Hosts, host: string): Promise<{ readonly addresses: readonly string[]; readonly failure: string | undefined }> {
  try {
    return { addresses: await hosts.addressesOf(host), failure: undefined };
  } catch (error) {
    return { addresses: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

function checkThisNode(places: readonly Place[], listen: ListenAddress): void {
  const own = places.filter(({ node }) => node.isThisNode);
  const [first, second] = own;
  if (first !== undefined && second !== undefined) {
    throw new UsageError(
      `all local endpoints should not have different hostnames/ips: "${first.node.host}" and "${second.node.host}" both mean this server, which listens on ${describe(listen)}`,
      `use one name for all drives of a server; to run several servers on one machine, give each its own --address, for instance --address ${hostPort(first.node.host, listen.port)}`,
    );
  }
  if (first !== undefined) return;
  const lost = places.find(({ failure }) => failure !== undefined);
  if (lost !== undefined) throw new UsageError(`lookup ${lost.node.host}: ${lost.failure ?? ''}; none of the other hosts is this server`, 'check the names of the drive URLs, /etc/hosts and the name server');
  const ports = [...new Set(places.filter(({ isThisMachine }) => isThisMachine).map(({ node }) => node.port))];
  throw new UsageError(
    `no drive URL names this server: local host not found in cluster setup (it listens on ${describe(listen)}; the URLs name ${places.map(({ node }) => node.name).join(', ')})`,
    ports.length > 0 && !ports.includes(listen.port)
      ? `this machine is named with port ${ports.join(' and ')}: start the server with --address :${ports[0] ?? ''}`
      : 'every server is started with the same arguments, in which its own host and port must occur; give a single server its drives as paths',
  );
}

/** One folder must not be served by two servers. */
function checkSharedPaths(drives: readonly { readonly path: string; readonly place: Place }[]): void {
  const byPath = new Map<string, Place[]>();
  for (const { path, place } of drives) {
    const others = byPath.get(path) ?? [];
    for (const other of others) {
      if (other === place) continue;
      if (place.addresses.some((address) => other.addresses.includes(address))) {
        throw new UsageError(`same path '${path}' can not be served by different port on same address: ${other.node.name} and ${place.node.name} are one host`, 'give each server on a host folders of its own');
      }
      if (place.isThisMachine && other.isThisMachine) {
        throw new UsageError(`path '${path}' cannot be served by different address on same server: ${other.node.name} and ${place.node.name} are both this machine`, 'give each server on a machine folders of its own');
      }
    }
    byPath.set(path, [...others, place]);
  }
}

function describe(listen: ListenAddress): string {
  return listen.host === undefined ? `port ${listen.port} of all addresses` : hostPort(listen.host, listen.port);
}
