/** Host keys as OpenSSH keeps them in known_hosts: plain, with patterns, with ports, and hashed. */
import { createHmac, createHash } from 'node:crypto';
import { matches } from './ssh-config.js';

export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

interface Entry {
  readonly marker: string;
  readonly type: string;
  readonly key: Buffer;
}

/** What the files say of a key that a host showed. A host with any key on file, none of which is this one, is `changed`. */
export function judgeHostKey(text: string, host: string, port: number, key: Buffer): HostKeyVerdict {
  const entries = entriesFor(text, host, port);
  const same = entries.filter((entry) => entry.key.equals(key));
  if (same.some(({ marker }) => marker === '@revoked')) return 'revoked';
  if (same.some(({ marker }) => marker === '')) return 'known';
  return entries.some(({ marker }) => marker === '') ? 'changed' : 'unknown';
}

/** Types of the host's keys on file, `ssh-ed25519`: those that it must be asked for. */
export function knownKeyTypes(text: string, host: string, port: number): readonly string[] {
  return [...new Set(entriesFor(text, host, port).flatMap(({ marker, type }) => (marker === '' ? [type] : [])))];
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function entriesFor(text: string, host: string, port: number): Entry[] {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (line.trim() === '' || line.trimStart().startsWith('#')) return [];
    const marker = words[0]?.startsWith('@') === true ? (words.shift() ?? '') : '';
    const [hosts = '', type = '', key = ''] = words;
    return isNamed(hosts, name) ? [{ marker, type, key: Buffer.from(key, 'base64') }] : [];
  });
}

function isNamed(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (hashed === null) return matches(name, hosts.split(','));
  return createHmac('sha1', Buffer.from(hashed[1] ?? '', 'base64')).update(name).digest('base64') === hashed[2];
}
