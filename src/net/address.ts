/** The address to listen on, as typed: `:9000`, `127.0.0.1:9000`, `[::1]:9000`, `storage.example:9000`. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

import { UsageError } from '../base/index.js';

export interface ListenAddress {
  /** undefined: all addresses of this machine; `0.0.0.0`: all its IPv4 addresses. */
  readonly host: string | undefined;
  /** 0 lets the system choose one. */
  readonly port: number;
}

/** Throws a UsageError where the text is no address. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]*)\]|([^:[\]/]*)):(\d*)$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || match[3] === '' || port > 65_535) {
    throw new UsageError(`"${text}" is no address to listen on: it must be HOST:PORT or :PORT, with a port from 0 to 65535`, 'write for instance --address :9000 or --address 127.0.0.1:9000');
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' || host === '::' ? undefined : host, port };
}

/** Addresses under which a listener can be reached; IPv6 ones without brackets, link-local ones left out. */
export function reachableHosts(host: string | undefined): string[] {
  if (host !== undefined && host !== '0.0.0.0') return [host];
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ address, family }) => family === 'IPv4' || (host === undefined && !address.startsWith('fe80:')));
  const outside = usable.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
  return [...outside, '127.0.0.1'];
}

/** What this machine's resolver and interfaces say of hosts. */
export const systemHosts = {
  /** Addresses of a host name, or the address itself; rejects where the name does not resolve. */
  async addressesOf(host: string): Promise<string[]> {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => address.toLowerCase());
  },
  /** True for an address of this machine. */
  isOwnAddress(address: string): boolean {
    if (address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address)) return true;
    return Object.values(networkInterfaces()).some((addresses) => addresses?.some((one) => one.address.toLowerCase() === address));
  },
};

/** `10.0.0.1:9000`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `http://10.0.0.1:9000`, with brackets around an IPv6 address. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${hostPort(host, port)}`;
}
