/** What a server says when it is up: pure functions from facts to lines. */
import type { DriveStatus } from '../cluster/index.js';
import { reachableHosts, urlOf, type ListenAddress } from '../net/index.js';
import type { RootKeys } from './settings.js';

export interface BannerFacts {
  readonly version: string;
  readonly address: ListenAddress;
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly keys: RootKeys;
  readonly drives: readonly DriveStatus[];
  /** A sentence about what is served. */
  readonly notice?: string | undefined;
}

interface DriveCounts {
  readonly online: number;
  readonly offline: number;
  readonly healing: number;
}

function countDrives(drives: readonly DriveStatus[]): DriveCounts {
  const online = drives.filter((drive) => drive.isOnline).length;
  return { online, offline: drives.length - online, healing: drives.filter((drive) => drive.isHealing).length };
}

/** URLs under which the server can be reached; the one of this machine is last. */
function endpointUrls({ address, scheme, port }: Pick<BannerFacts, 'address' | 'scheme' | 'port'>): string[] {
  return reachableHosts(address.host).map((host) => urlOf(scheme, host, port));
}

/** Lines for people. Test suites that launch MinIO wait for the one that begins with `API: `. */
export function bannerLines(facts: BannerFacts): string[] {
  const { version, keys, drives } = facts;
  const urls = endpointUrls(facts);
  const { online, offline, healing } = countDrives(drives);
  const lines = [`mts ${version}`, `API: ${urls.join('  ')}`];
  if (keys.areDefaults) lines.push(`   RootUser: ${keys.accessKey}`, `   RootPass: ${keys.secretKey}`);
  lines.push(`Drives: ${plural(online, 'drive')} online, ${plural(offline, 'drive')} offline${healing > 0 ? `, ${healing} to heal` : ''}`);
  if (facts.notice !== undefined) lines.push(`NOTE: ${facts.notice}`);
  if (keys.areDefaults) lines.push('WARNING: these are the default keys that everybody knows; set MINIO_ROOT_USER and MINIO_ROOT_PASSWORD');
  const shown = keys.areDefaults ? `${keys.accessKey} ${keys.secretKey}` : 'ACCESS_KEY SECRET_KEY';
  lines.push(`CLI: mts alias set local ${urls.at(-1) ?? ''} ${shown}`);
  return lines;
}

/** The same as one log record; keys only where they are the defaults. */
export function bannerFields(facts: BannerFacts): Record<string, unknown> {
  const { version, keys, drives } = facts;
  const { online, offline, healing } = countDrives(drives);
  return {
    version,
    api: endpointUrls(facts),
    drivesOnline: online,
    drivesOffline: offline,
    drivesHealing: healing,
    ...(facts.notice !== undefined && { notice: facts.notice }),
    ...(keys.areDefaults && { rootUser: keys.accessKey, rootPassword: keys.secretKey }),
  };
}

export const DEFAULT_KEYS_WARNING = 'the server uses the default keys that everybody knows; set MINIO_ROOT_USER and MINIO_ROOT_PASSWORD';

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
