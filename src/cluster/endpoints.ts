/**
 * The server's drive arguments -> pools of drive folders. Grammar and refusals as RELEASE.2025-10-15 has them; where it
 * would go on with something that cannot be meant (a drive inside another), we refuse.
 */
import { isIP } from 'node:net';
import { resolve, sep } from 'node:path';

import { UsageError } from '../base/index.js';
import { expandRanges, hasRange } from './ellipses.js';
import { chooseSetSize } from './set-size.js';

export interface PoolLayout {
  /** As typed; several arguments of one pool are joined by blanks. */
  readonly commandLine: string;
  /** Absolute paths, in the order given: the slots of a new pool. */
  readonly drives: readonly string[];
  /** Drives of an erasure set; 1 only for a single drive. */
  readonly setSize: number;
}

export interface EndpointOptions {
  /** Port the server listens on: URLs without a port mean this one. */
  readonly listenPort: number;
  /** True where a host name or address of a URL means this machine. */
  readonly isThisMachine: (host: string) => boolean;
  /** MINIO_ERASURE_SET_DRIVE_COUNT as it stands in the environment. */
  readonly setDriveCount?: string | undefined;
}

/** Reads the drive arguments. Throws a UsageError that says which argument is wrong, why, and what to write instead. */
export function parseDriveArguments(args: readonly string[], options: EndpointOptions): PoolLayout[] {
  if (args.length === 0 || args.every((argument) => argument === '')) {
    throw new UsageError('no drive is given', 'name a folder to keep objects in, for instance: mts server ./data');
  }
  const ranged = args.filter(hasRange);
  if (ranged.length > 0 && ranged.length < args.length) {
    const plain = args.find((argument) => !hasRange(argument)) ?? '';
    throw new UsageError(
      `"${ranged[0] ?? ''}" has a range and "${plain}" has none; with several pools, every argument is a pool and needs a range`,
      `give "${plain}" a range as well, or list all drives of one pool without ranges`,
    );
  }
  const wanted = setDriveCount(options.setDriveCount);
  const typed = ranged.length === 0 ? [onePool(args, wanted)] : args.map((argument) => rangedPool(argument, wanted));
  checkTwice(args);
  const style = commonStyle(typed.flatMap((pool) => pool.drives));
  const pools = typed.map((pool) => ({ ...pool, drives: pool.drives.map((drive) => (style === 'path' ? pathOf(drive) : localPathOf(drive, options))) }));
  if (style === 'url') checkUrls(typed);
  checkOverlap(pools.flatMap((pool) => pool.drives));
  return pools;
}

function onePool(args: readonly string[], wanted: number | undefined): PoolLayout {
  const commandLine = args.join(' ');
  if (args.length === 1) {
    if (isUrl(args[0] ?? '')) throw new UsageError(`"${commandLine}" is a URL, but a single drive is given as a path`, 'write the path alone, for instance: mts server ./data');
    return { commandLine, drives: args, setSize: 1 };
  }
  return { commandLine, drives: args, setSize: chooseSetSize({ commandLine, driveCount: args.length, wanted }) };
}

function rangedPool(argument: string, wanted: number | undefined): PoolLayout {
  const { labels, leftmostLength } = expandRanges(argument);
  if (labels.length < 2) {
    throw new UsageError(`"${argument}" stands for one drive only, and a pool needs at least two`, 'make the range longer, or name a single drive without braces');
  }
  return { commandLine: argument, drives: labels, setSize: chooseSetSize({ commandLine: argument, driveCount: labels.length, leftmostLength, wanted }) };
}

function setDriveCount(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new UsageError(`MINIO_ERASURE_SET_DRIVE_COUNT is "${text}", which is not a number of drives`, 'set it to a number from 2 to 16, or unset it');
}

function isUrl(drive: string): boolean {
  return drive.includes('://');
}

function commonStyle(drives: readonly string[]): 'path' | 'url' {
  const url = drives.find(isUrl);
  const path = drives.find((drive) => !isUrl(drive));
  if (url !== undefined && path !== undefined) {
    throw new UsageError(`"${path}" is a path and "${url}" is a URL; they cannot be mixed`, 'give all drives as paths, or all as URLs');
  }
  return url === undefined ? 'path' : 'url';
}

function pathOf(drive: string): string {
  const [host = ''] = drive.split(/[:/]/, 1);
  if (isIP(host) !== 0 || isIP(drive) !== 0) {
    throw new UsageError(`"${drive}" begins with an address, but has no scheme`, `write http://${drive} or https://${drive}; for a folder of that name, write ./${drive}`);
  }
  const path = drive === '' ? '/' : resolve(drive);
  if (path === '/') throw new UsageError(`"${drive}" cannot be a drive: the path is empty or the root folder`, 'name a folder of its own, for instance /mnt/drive1');
  return path;
}

/** The path of a URL that means this very server. */
function localPathOf(drive: string, options: EndpointOptions): string {
  const url = parseUrl(drive);
  const port = url.port === '' ? options.listenPort : Number(url.port);
  if (!options.isThisMachine(bare(url.hostname)) || port !== options.listenPort) {
    throw new UsageError(
      `"${drive}" is a drive of another server (this one listens on port ${options.listenPort}); distributed mode is not available in this version`,
      'give the drives of this machine as paths, for instance: mts server /mnt/drive{1...4}',
    );
  }
  return resolve(decodeURIComponent(url.pathname));
}

function parseUrl(drive: string): URL {
  // Before any message that shows the URL: a password must not get into it.
  if (/^[a-z]+:\/\/[^/]*@/.test(drive) || /[?#]/.test(drive)) {
    throw new UsageError('a drive URL holds a user, a query or a fragment', 'a drive is scheme, host, port and path only, for instance http://host:9000/mnt/drive1');
  }
  const port = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*):([^/]*)/.exec(drive)?.[1];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new UsageError(`the port "${port}" in "${drive}" is not a number from 1 to 65535`, 'write for instance http://host:9000/mnt/drive1');
  }
  if (!/^https?:\/\//.test(drive)) throw new UsageError(`"${drive}" is neither an http nor an https URL`, 'write for instance http://host:9000/mnt/drive1');
  if (!URL.canParse(drive) || /^https?:\/\/(?:[:/]|$)/.test(drive)) throw new UsageError(`the host in "${drive}" is empty or malformed`, 'write for instance http://host:9000/mnt/drive1');
  const url = new URL(drive);
  if (url.pathname === '' || /^\/+$/.test(url.pathname)) {
    throw new UsageError(`"${drive}" has no path, or the root folder`, 'name the folder, for instance http://host:9000/mnt/drive1');
  }
  return url;
}

/** What must be the same in URLs that all mean one server. */
function checkUrls(pools: readonly PoolLayout[]): void {
  const urls = pools.flatMap((pool) => pool.drives).map((drive) => new URL(drive));
  const [first] = urls;
  if (first === undefined) return;
  const otherScheme = urls.find((url) => url.protocol !== first.protocol);
  if (otherScheme !== undefined) throw new UsageError(`"${first.href}" and "${otherScheme.href}" mix http and https`, 'use one scheme for all drives');
  const otherHost = urls.find((url) => url.hostname !== first.hostname);
  if (otherHost !== undefined) {
    throw new UsageError(`"${first.hostname}" and "${otherHost.hostname}" are two names of this one machine`, 'use one name for all its drives, or give them as paths');
  }
}

function checkTwice(args: readonly string[]): void {
  const twice = args.find((argument, index) => args.indexOf(argument) !== index);
  if (twice !== undefined) throw new UsageError(`"${twice}" is given twice`, 'name every drive once');
}

function checkOverlap(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw new UsageError(`the drive ${path} is given twice`, 'name every drive once, in one pool only');
    seen.add(path);
  }
  for (const path of paths) {
    for (let end = path.lastIndexOf(sep); end > 0; end = path.lastIndexOf(sep, end - 1)) {
      const parent = path.slice(0, end);
      if (seen.has(parent)) throw new UsageError(`the drive ${path} lies inside the drive ${parent}, where it would look like a bucket`, 'give drives that are not inside one another');
    }
  }
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
