/** The part of `~/.ssh/config` that says how a host is reached: HostName, User, Port, IdentityFile, ProxyJump, UserKnownHostsFile. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface HostSettings {
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFiles: readonly string[];
  /** `[user@]host[:port]`; several are parted by commas. */
  readonly proxyJump?: string;
  readonly knownHostsFiles: readonly string[];
}

/** What the file says of a host; of a setting given twice the first counts, as for OpenSSH. `Match` blocks are passed over. */
export function settingsFor(host: string, text: string, home = homedir()): HostSettings {
  const single = new Map<string, string>();
  const identityFiles: string[] = [];
  let applies = true;
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
    if (match === null || line.trimStart().startsWith('#')) continue;
    const [, name = '', quoted = ''] = match;
    const key = name.toLowerCase();
    const value = quoted.replace(/^"(.*)"$/, '$1');
    if (key === 'host') applies = matches(host, value.split(/\s+/));
    else if (key === 'match') applies = false;
    else if (!applies) continue;
    else if (key === 'identityfile') identityFiles.push(expandHome(value, home));
    else if (!single.has(key)) single.set(key, value);
  }
  const port = Number(single.get('port'));
  const jump = single.get('proxyjump');
  const hostName = single.get('hostname')?.replaceAll('%h', host);
  const user = single.get('user');
  return {
    ...(hostName !== undefined && { hostName }),
    ...(user !== undefined && { user }),
    ...(Number.isInteger(port) && port > 0 && { port }),
    ...(jump !== undefined && jump.toLowerCase() !== 'none' && { proxyJump: jump }),
    identityFiles,
    knownHostsFiles: (single.get('userknownhostsfile') ?? '').split(/\s+/).filter((file) => file !== '').map((file) => expandHome(file, home)),
  };
}

/** `*` and `?` stand for characters; a pattern with `!` excludes. */
export function matches(host: string, patterns: readonly string[]): boolean {
  let isMatched = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    const text = (isNegated ? pattern.slice(1) : pattern).replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
    if (!new RegExp(`^${text}$`, 'i').test(host)) continue;
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

function expandHome(path: string, home: string): string {
  return path.replace(/^~(?=\/|$)/, home).replaceAll('%d', home).replace(/^(?!\/)/, `${join(home, '.ssh')}/`);
}
