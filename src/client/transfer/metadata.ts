/**
 * The headers that travel with an object: what `--attr` and `--tags` ask for, what a copy takes over from its source, and
 * what the file system knows of a file (`-a`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { chmod, chown, utimes } from 'node:fs/promises';
import { readFileSync, type BigIntStats } from 'node:fs';
import { UsageError } from '../../base/index.js';
import type { ObjectHead } from '../s3-types.js';

/** Header names that S3 keeps as they are; every other attribute becomes user metadata. */
const STANDARD = new Set(['content-type', 'cache-control', 'content-encoding', 'content-disposition', 'content-language', 'expires']);

/** Where mc keeps file attributes. */
export const ATTRIBUTES_HEADER = 'x-amz-meta-mc-attrs';

/**
 * Reads `Cache-Control=max-age=90;artist=Unknown` into headers.
 * @throws UsageError for an attribute without `=`
 */
export function parseAttributes(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of (text ?? '').split(';')) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`The attribute \`${pair}\` has no value.`, 'Write --attr "Name=value;Name2=value2".');
    const name = pair.slice(0, at).trim().toLowerCase();
    const isHeader = STANDARD.has(name) || name.startsWith('x-amz-');
    headers[isHeader ? name : `x-amz-meta-${name}`] = pair.slice(at + 1);
  }
  return headers;
}

/**
 * Reads `k=v&k2=v2` into the value of the tagging header.
 * @throws UsageError for a tag without `=`
 */
export function parseTags(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const pairs = text.split('&').map((pair) => {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`The tag \`${pair}\` has no value.`, 'Write --tags "key=value&key2=value2".');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return encodeTags(Object.fromEntries(pairs));
}

export function encodeTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&');
}

/** The headers that make a copy equal to its source; without tags, which need a request of their own. */
export function metadataOf(head: ObjectHead): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(head.headers)) {
    if (typeof value !== 'string') continue;
    if (STANDARD.has(name) || name.startsWith('x-amz-meta-') || name === 'x-amz-website-redirect-location') headers[name] = value;
  }
  return headers;
}

export function tagCountOf(head: ObjectHead): number {
  return Number(head.headers['x-amz-tagging-count'] ?? 0);
}

/**
 * True unless the answer says that the object is encrypted with SSE-C or a KMS key: then its ETag is not made of MD5s.
 */
export function isEtagMd5(headers: IncomingHttpHeaders): boolean {
  const encryption = headers['x-amz-server-side-encryption'];
  const isCustomerKey = headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined;
  return encryption === undefined && !isCustomerKey;
}

/** A file's times, owner and mode as mc writes them: `atime:<s>#<ns>/gid:0/gname:root/...`; names only where known. */
export function fileAttributes(stats: BigIntStats): string {
  const time = (ns: bigint): string => `${ns / 1_000_000_000n}#${ns % 1_000_000_000n}`;
  const [group, user] = [nameOf('/etc/group', stats.gid), nameOf('/etc/passwd', stats.uid)];
  return [
    `atime:${time(stats.atimeNs)}`,
    `gid:${stats.gid}`,
    ...(group === undefined ? [] : [`gname:${group}`]),
    `mode:${stats.mode}`,
    `mtime:${time(stats.mtimeNs)}`,
    `uid:${stats.uid}`,
    ...(user === undefined ? [] : [`uname:${user}`]),
  ].join('/');
}

/** The name of a user or group in the system's table. */
function nameOf(table: string, id: bigint): string | undefined {
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch {
    return undefined;
  }
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(id))?.[0];
}

/** The fields of a stored attribute string. */
export function parseFileAttributes(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('/').flatMap((field) => {
      const at = field.indexOf(':');
      return at > 0 ? [[field.slice(0, at), field.slice(at + 1)] as const] : [];
    }),
  );
}

/** Gives a file the mode, owner (as far as the process may) and times that were stored with an object. */
export async function applyFileAttributes(path: string, text: string): Promise<void> {
  const fields = parseFileAttributes(text);
  const number = (name: string): number | undefined => {
    const value = fields.get(name);
    return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
  };
  const [uid, gid, mode] = [number('uid'), number('gid'), number('mode')];
  if (uid !== undefined && gid !== undefined) {
    await chown(path, uid, gid).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    });
  }
  if (mode !== undefined) await chmod(path, mode & 0o7777);
  const seconds = (name: string): number | undefined => {
    const match = /^(\d+)(?:#(\d+))?$/.exec(fields.get(name) ?? '');
    return match ? Number(match[1]) + Number(match[2] ?? 0) / 1e9 : undefined;
  };
  const modified = seconds('mtime');
  if (modified !== undefined) await utimes(path, seconds('atime') ?? modified, modified);
}
