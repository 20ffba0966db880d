/** `admin info`, as mc shows it. */
import type { ServerInfo, WireServer } from '../client/index.js';
import { formatRoughDuration, plural } from './short-time.js';
import { formatSize } from './size.js';
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';

interface InfoOptions {
  /** Only what is offline. */
  readonly onlyOffline: boolean;
  readonly paint: Palette;
}

/** Servers, pools, what they hold, and the sentence that operators know. */
export async function infoText(info: ServerInfo, { onlyOffline, paint }: InfoOptions): Promise<string> {
  const servers = (info.servers ?? []).toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  const shown = onlyOffline ? servers.filter(hasTrouble) : servers;
  const blocks = shown.map((server) => serverBlock(server, paint));
  const table = onlyOffline ? undefined : await poolTable(info);
  const usage = onlyOffline ? undefined : usageLine(info, paint);
  return [...blocks, table, usage === undefined ? drivesLine(info, paint) : `${usage}\n${drivesLine(info, paint)}`].filter((part) => part !== undefined).join('\n\n');
}

function hasTrouble({ state, drives = [] }: WireServer): boolean {
  return state !== 'online' || drives.some((drive) => drive.state !== 'ok');
}

function serverBlock(server: WireServer, paint: Palette): string {
  const dot = server.state === 'online' ? paint.good('●') : server.state === 'initializing' ? paint.size('●') : paint.bad('●');
  const title = `${dot}  ${paint.strong(server.endpoint)}`;
  if (server.state === 'offline') return [title, `   Uptime: ${paint.bad('offline')}`, ...(server.mts?.reason === undefined ? [] : [`   Reason: ${server.mts.reason}`]), ...offlineDrives(server, paint)].join('\n');
  const drives = server.drives ?? [];
  const ok = drives.filter(({ state }) => state === 'ok').length;
  const links = Object.values(server.network ?? {});
  const linked = links.filter((state) => state === 'online').length;
  const healing = drives.filter((drive) => drive.healing === true).length;
  const pools = server.poolNumbers ?? (server.poolNumber === undefined ? [] : [server.poolNumber]);
  const count = (good: number, all: number): string => (good === all ? paint.good : paint.bad)(`${good}/${all} OK`);
  return [
    title,
    `   Uptime: ${server.state === 'initializing' ? 'initializing' : formatRoughDuration((server.uptime ?? 0) * 1000)}`,
    `   Version: ${server.version ?? ''}`,
    ...(links.length === 0 ? [] : [`   Network: ${count(linked, links.length)}`]),
    ...(drives.length === 0 ? [] : [`   Drives: ${count(ok, drives.length)}${healing === 0 ? '' : `, ${healing} healing`}`]),
    ...(pools.length === 0 ? [] : [`   Pool: ${pools.join(', ')}`]),
    ...offlineDrives(server, paint),
  ].join('\n');
}

function offlineDrives({ drives = [] }: WireServer, paint: Palette): string[] {
  return drives.filter(({ state }) => state !== 'ok').map(({ endpoint, state, mts }) => `   ${paint.bad('✖')} ${endpoint}: ${mts?.remark ?? state}`);
}

async function poolTable(info: ServerInfo): Promise<string | undefined> {
  const pools = Object.entries(info.pools ?? {});
  const parity = info.backend?.standardSCParity ?? 0;
  if (pools.length === 0) return undefined;
  const rows = pools.map(([index, sets]) => {
    const all = Object.values(sets);
    const sum = (of: (set: (typeof all)[number]) => number | undefined): number => all.reduce((total, set) => total + (of(set) ?? 0), 0);
    const raw = sum(({ rawCapacity }) => rawCapacity);
    const stripe = info.backend?.totalDrivesPerSet?.[Number(index)] ?? 0;
    const usable = stripe === 0 ? raw : (raw * (stripe - parity)) / stripe;
    const percent = raw === 0 ? 0 : (sum(({ rawUsage }) => rawUsage) * 100) / raw;
    return [ordinal(Number(index) + 1), `${percent.toFixed(1)}% (total: ${formatSize(usable)})`, String(stripe), String(info.backend?.totalSets?.[Number(index)] ?? all.length)];
  });
  return renderTable(['Pool', 'Drives Usage', 'Erasure stripe size', 'Erasure sets'], rows);
}

function usageLine(info: ServerInfo, paint: Palette): string | undefined {
  const size = info.usage?.size ?? 0;
  const counts = [
    [info.buckets?.count ?? 0, 'Bucket'], [info.objects?.count ?? 0, 'Object'], [info.versions?.count ?? 0, 'Version'], [info.deletemarkers?.count ?? 0, 'Delete Marker'],
  ] as const;
  if (size === 0 && counts.every(([count]) => count === 0)) return undefined;
  const shown = counts.filter(([count, noun]) => count > 0 || noun === 'Bucket' || noun === 'Object');
  return [`${paint.strong(formatSize(size))} Used`, ...shown.map(([count, noun]) => plural(count, noun))].join(', ');
}

function drivesLine(info: ServerInfo, paint: Palette): string {
  const { onlineDisks: online = 0, offlineDisks: offline = 0, standardSCParity: parity } = info.backend ?? {};
  const line = `${plural(online, 'drive')} online, ${plural(offline, 'drive')} offline`;
  return `${(offline === 0 ? paint.good : paint.bad)(line)}${parity === undefined ? '' : `, EC:${parity}`}`;
}

/** `1st`, `2nd`, `11th`. */
function ordinal(count: number): string {
  const ending = count % 100 >= 11 && count % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${ending}`;
}
