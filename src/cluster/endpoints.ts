/**
 * The server's drive arguments -> pools of drives, and the nodes that have them. Grammar and refusals as
 * RELEASE.2025-10-15 has them, with its key phrases where operators know them; where it would go on with something that
 * cannot be meant (a drive inside another), we refuse.
 */
import { sep } from 'node:path';

import { UsageError } from '../base/index.js';
import { isUrl, parseDriveUrl, pathOf, type DriveUrl } from './drive-url.js';
import { expandRanges, hasRange } from './ellipses.js';
import { locateNodes, type NodeAddress, type NodeOptions } from './node-addresses.js';
import { chooseSetSize } from './set-size.js';

/** One drive of a pool: where it is, and on which node. */
export interface DriveEndpoint {
  /** What people know it by: its path where this server is alone, else its URL. */
  readonly name: string;
  readonly path: string;
  /** undefined where this server is alone. */
  readonly node: NodeAddress | undefined;
}

export interface PoolLayout {
  /** As typed; several arguments of one pool are joined by blanks. */
  readonly commandLine: string;
  /** In the order given: the slots of a new pool. */
  readonly drives: readonly DriveEndpoint[];
  /** Drives of an erasure set; 1 only for a single drive. */
  readonly setSize: number;
}

export interface ClusterLayout {
  readonly pools: readonly PoolLayout[];
  /** All nodes, this one included, in the order in which they are named first; empty where this server is alone. */
  readonly nodes: readonly NodeAddress[];
  /** undefined for paths. */
  readonly scheme: 'http' | 'https' | undefined;
}

export interface EndpointOptions extends NodeOptions {
  /** MINIO_ERASURE_SET_DRIVE_COUNT as it stands in the environment. */
  readonly setDriveCount?: string | undefined;
}

interface TypedPool {
  readonly commandLine: string;
  readonly drives: readonly string[];
  readonly setSize: number;
}

/** Reads the drive arguments. Rejects with a UsageError that says which argument is wrong, why, and what to write instead. */
export async function parseDriveArguments(args: readonly string[], options: EndpointOptions): Promise<ClusterLayout> {
  if (args.length === 0 || args.every((argument) => argument === '')) {
    throw new UsageError('no drive is given', 'name a folder to keep objects in, for instance: mts server ./data');
  }
  checkRanges(args);
  const wanted = setDriveCount(options.setDriveCount);
  const typed = args.some(hasRange) ? args.map((argument) => rangedPool(argument, wanted)) : [onePool(args, wanted)];
  checkTwice(args);
  if (commonStyle(typed.flatMap((pool) => pool.drives)) === 'url') return urlLayout(typed, options);
  const pools = typed.map((pool) => ({ ...pool, drives: pool.drives.map((drive) => pathEndpoint(pathOf(drive))) }));
  checkOverlap(pools.flatMap((pool) => pool.drives));
  return { pools, nodes: [], scheme: undefined };
}

/** URLs: the nodes they name, and whether this server is one of several. */
async function urlLayout(typed: readonly TypedPool[], options: EndpointOptions): Promise<ClusterLayout> {
  const parsed = typed.map((pool) => pool.drives.map((drive) => ({ typed: drive, url: parseDriveUrl(drive) })));
  const urls = parsed.flat().map(({ url }) => url);
  const scheme = commonScheme(urls);
  const { nodes, nodeOf } = await locateNodes(urls, options);
  const isAlone = nodes.length === 1;
  const pools = typed.map((pool, index): PoolLayout => {
    const drives = (parsed[index] ?? []).map(({ typed: name, url }): DriveEndpoint => (isAlone ? pathEndpoint(url.path) : { name, path: url.path, node: nodeOf(url) }));
    return { ...pool, drives };
  });
  checkOverlap(pools.flatMap((pool) => pool.drives));
  return { pools, nodes: isAlone ? [] : nodes, scheme };
}

function pathEndpoint(path: string): DriveEndpoint {
  return { name: path, path, node: undefined };
}

function checkRanges(args: readonly string[]): void {
  const ranged = args.find(hasRange);
  const plain = args.find((argument) => !hasRange(argument));
  if (ranged === undefined || plain === undefined) return;
  throw new UsageError(
    `all args must have ellipses for pool expansion: "${ranged}" has a range and "${plain}" has none; with several pools, every argument is a pool and needs a range`,
    `give "${plain}" a range as well, or list all drives of one pool without ranges`,
  );
}

function onePool(args: readonly string[], wanted: number | undefined): TypedPool {
  const commandLine = args.join(' ');
  if (args.length === 1) {
    if (isUrl(args[0] ?? '')) throw new UsageError(`use path style endpoint for single node setup: "${withoutUser(commandLine)}" is a URL, but a single drive is given as a path`, 'write the path alone, for instance: mts server ./data');
    return { commandLine, drives: args, setSize: 1 };
  }
  return { commandLine, drives: args, setSize: chooseSetSize({ commandLine, driveCount: args.length, wanted }) };
}

function rangedPool(argument: string, wanted: number | undefined): TypedPool {
  const { labels, leftmostLength } = expandRanges(argument);
  if (labels.length < 2) {
    throw new UsageError(`incorrect number of endpoints provided: "${argument}" stands for one drive only, and a pool needs at least two`, 'make the range longer, or name a single drive without braces');
  }
  return { commandLine: argument, drives: labels, setSize: chooseSetSize({ commandLine: argument, driveCount: labels.length, leftmostLength, wanted }) };
}

function setDriveCount(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new UsageError(`MINIO_ERASURE_SET_DRIVE_COUNT is "${text}", which is not a number of drives`, 'set it to a number from 2 to 16, or unset it');
}

function commonStyle(drives: readonly string[]): 'path' | 'url' {
  const url = drives.find(isUrl);
  const path = drives.find((drive) => !isUrl(drive));
  if (url !== undefined && path !== undefined) {
    throw new UsageError(`mixed style endpoints are not supported: "${path}" is a path and "${withoutUser(url)}" is a URL`, 'give all drives as paths, or all as URLs');
  }
  return url === undefined ? 'path' : 'url';
}

function commonScheme(urls: readonly DriveUrl[]): 'http' | 'https' {
  const schemes = new Set(urls.map((url) => url.scheme));
  if (schemes.size > 1) throw new UsageError('mixed scheme is not supported: some drives are http and others https', 'use one scheme for all drives');
  return schemes.has('https') ? 'https' : 'http';
}

function checkTwice(args: readonly string[]): void {
  const twice = args.find((argument, index) => args.indexOf(argument) !== index);
  if (twice !== undefined) throw new UsageError(`the arguments have ${hasRange(twice) ? 'duplicate ellipses' : 'duplicate endpoints'}: "${twice}" is given twice`, 'name every drive once');
}

function checkOverlap(drives: readonly DriveEndpoint[]): void {
  const keyOf = (drive: DriveEndpoint, path: string): string => `${drive.node?.name ?? ''} ${path}`;
  const seen = new Map<string, DriveEndpoint>();
  for (const drive of drives) {
    const key = keyOf(drive, drive.path);
    if (seen.has(key)) throw new UsageError(`duplicate endpoints found: the drive ${drive.name} is given twice`, 'name every drive once, in one pool only');
    seen.set(key, drive);
  }
  for (const drive of drives) {
    const { path } = drive;
    for (let end = path.lastIndexOf(sep); end > 0; end = path.lastIndexOf(sep, end - 1)) {
      const parent = seen.get(keyOf(drive, path.slice(0, end)));
      if (parent !== undefined) throw new UsageError(`the drive ${drive.name} lies inside the drive ${parent.name}, where it would look like a bucket`, 'give drives that are not inside one another');
    }
  }
}

/** A password must not get into a message. */
function withoutUser(text: string): string {
  return text.replace(/:\/\/[^/]*@/g, '://');
}
