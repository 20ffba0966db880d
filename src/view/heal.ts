/** How heals look: mc's colours for what an item was and became, the live lines, and the summary. */
import type { ClusterState, DriveView, HealResultDrive, HealResultItem } from '../client/index.js';
import { formatRemaining, plural } from './short-time.js';
import { formatSize } from './size.js';
import type { Paint, Palette } from './terminal.js';

export type HealColour = 'green' | 'yellow' | 'red' | 'grey';

/** Green: all drives have it. Yellow: enough of them have it. Red: too few have it. Grey: nobody knows. */
export function healColour(item: HealResultItem, drives: readonly HealResultDrive[]): HealColour {
  if (drives.length === 0) return 'grey';
  const good = drives.filter(({ state }) => state === 'ok').length;
  if (good === drives.length) return 'green';
  return good >= Math.max(1, item.type === 'object' ? (item.dataBlocks ?? 1) : 1) ? 'yellow' : 'red';
}

const before = (item: HealResultItem): readonly HealResultDrive[] => item.before.drives ?? [];
const after = (item: HealResultItem): readonly HealResultDrive[] => item.after.drives ?? [];
const goodOf = (drives: readonly HealResultDrive[]): number => drives.filter(({ state }) => state === 'ok').length;

export function healItemName({ bucket, object, versionId }: HealResultItem): string {
  const name = object === '' ? bucket : `${bucket}/${object}`;
  return versionId === undefined || versionId === '' || versionId === 'null' ? name : `${name} (${versionId})`;
}

/** True where there was something to heal that is not healed. */
export function hasFailed(item: HealResultItem): boolean {
  const outcome = item.mts?.outcome;
  if (outcome !== undefined) return outcome === 'failed' || outcome === 'dangling';
  return healColour(item, after(item)) === 'red' || (item.detail ?? '') !== '';
}

/** True where the heal brought something to a drive. */
export function wasHealed(item: HealResultItem): boolean {
  return item.mts?.outcome === undefined ? goodOf(after(item)) > goodOf(before(item)) : item.mts.outcome === 'healed';
}

/** Nothing was to be done, as far as anybody knows: a dry run of MinIO says nothing about buckets. */
export function wasWhole(item: HealResultItem): boolean {
  return item.mts?.outcome === undefined ? ['green', 'grey'].includes(healColour(item, before(item))) : item.mts.outcome === 'ok';
}

/** `[Yellow -> Green] photos/cat.jpg`. */
export function healItemLine(item: HealResultItem, paint: Palette): string {
  const [from, to] = [healColour(item, before(item)), healColour(item, after(item))];
  const outcome = item.mts?.outcome;
  const note = outcome === 'quarantined' || outcome === 'dangling' || outcome === 'skipped' ? `${outcome}: ` : '';
  const detail = item.detail === undefined || item.detail === '' ? '' : `: ${note}${item.detail}`;
  return `[${painted(from, paint)} -> ${painted(to, paint)}] ${healItemName(item)}${detail}`;
}

function painted(colour: HealColour, paint: Palette): string {
  const paints: Readonly<Record<HealColour, Paint>> = { green: paint.good, yellow: paint.size, red: paint.bad, grey: (text) => text };
  return paints[colour](colour.charAt(0).toUpperCase() + colour.slice(1));
}

/** mc's object of an item. */
export function healItemObject(item: HealResultItem): object {
  const side = (drives: readonly HealResultDrive[]): object => ({
    color: healColour(item, drives),
    offline: countOf(drives, 'offline'),
    online: goodOf(drives),
    missing: countOf(drives, 'missing'),
    corrupted: countOf(drives, 'corrupt'),
    drives,
  });
  return {
    status: hasFailed(item) ? 'error' : 'success', error: item.detail ?? '', type: item.type, name: item.object === '' ? item.bucket : `${item.bucket}/${item.object}`,
    versionId: item.versionId ?? '', before: side(before(item)), after: side(after(item)), size: item.objectSize ?? 0,
    ...(item.mts?.outcome !== undefined && { outcome: item.mts.outcome }),
  };
}

const countOf = (drives: readonly HealResultDrive[], state: string): number => drives.filter((drive) => drive.state === state).length;

/** Counts of a heal as it goes on. */
export class HealTally {
  items = 0;
  itemsHealed = 0;
  objects = 0;
  objectsHealed = 0;
  objectsWhole = 0;
  failed = 0;
  quarantined = 0;
  bytes = 0;
  bytesHealed = 0;
  current = '';
  /** By endpoint: what was missing or damaged on the drive, and how much of it is so still. */
  readonly drives = new Map<string, { bad: number; left: number }>();

  add(item: HealResultItem): void {
    const isObject = item.type === 'object';
    const isHealed = wasHealed(item);
    this.items++;
    this.objects += Number(isObject);
    this.bytes += item.objectSize ?? 0;
    this.current = healItemName(item);
    if (isHealed) {
      this.itemsHealed++;
      this.objectsHealed += Number(isObject);
      this.bytesHealed += item.objectSize ?? 0;
    }
    if (isObject && wasWhole(item)) this.objectsWhole++;
    if (hasFailed(item)) this.failed++;
    if (item.mts?.outcome === 'quarantined') {
      // It is no more among the objects: no drive lacks it.
      this.quarantined++;
      return;
    }
    before(item).forEach((drive, index) => {
      const name = drive.endpoint === undefined || drive.endpoint === '' ? `drive ${index + 1}` : drive.endpoint;
      const tally = this.drives.get(name) ?? { bad: 0, left: 0 };
      if (drive.state !== 'ok') tally.bad++;
      if ((after(item)[index]?.state ?? drive.state) !== 'ok') tally.left++;
      this.drives.set(name, tally);
    });
  }
}

interface ProgressFacts {
  readonly elapsedMs: number;
  readonly bytesPerSecond: number;
  /** Objects there are; undefined where nobody counted them. */
  readonly objectsTotal: number | undefined;
  readonly width: number;
  readonly frame: number;
}

const FRAMES = '◐◓◑◒';

/** The line that changes while a heal goes on. */
export function healProgressLine(tally: HealTally, facts: ProgressFacts): string {
  const { objectsTotal, elapsedMs } = facts;
  const fraction = objectsTotal === undefined || objectsTotal === 0 ? undefined : Math.min(1, tally.objects / objectsTotal);
  const left = fraction === undefined || fraction === 0 || fraction === 1 ? '' : `, ${formatRemaining((elapsedMs * (1 - fraction)) / fraction)} left`;
  const share = fraction === undefined ? '' : ` (${Math.floor(fraction * 100)}%)`;
  const failed = tally.failed === 0 ? '' : `, ${tally.failed} failed`;
  const line = `${FRAMES[facts.frame % FRAMES.length] ?? ''} ${plural(tally.objects, 'object')}${share}, ${formatSize(tally.bytes)} looked at; ${tally.objectsHealed} healed${failed}; ${formatSize(Math.round(facts.bytesPerSecond))}/s${left}; ${tally.current}`;
  const characters = [...line];
  return characters.length < facts.width ? line : `${characters.slice(0, facts.width - 2).join('')}…`;
}

/** One block for each drive: green where nothing was missing, yellow where all was brought back, red where something is missing still. */
export function healDrivesLine(tally: HealTally, paint: Palette): string {
  const blocks = [...tally.drives.values()].map(({ bad, left }) => (bad === 0 ? paint.good('●') : left === 0 ? paint.size('◐') : paint.bad('✖')));
  return blocks.length === 0 ? '' : `  drives ${blocks.join('')}`;
}

interface SummaryOptions {
  readonly durationMs: number;
  readonly isDryRun: boolean;
  /** Why the heal did not come to its end; empty where it did. */
  readonly detail: string;
  readonly paint: Palette;
}

/** What a heal did, and by drive what it found where anything was missing. */
export function healSummary(tally: HealTally, { durationMs, isDryRun, detail, paint }: SummaryOptions): string {
  const healable = tally.objects - tally.objectsWhole;
  const drives = [...tally.drives].filter(([, { bad }]) => bad > 0).map(([endpoint, { bad, left }]) => `  ${left === 0 || isDryRun ? paint.size('◐') : paint.bad('✖')} ${endpoint}: ${plural(bad, 'item')} missing or damaged${isDryRun ? '' : left === 0 ? ', all healed' : `, ${left} still`}`);
  const head = isDryRun
    ? `Would heal:\t${healable}/${plural(tally.objects, 'object')}; ${formatSize(tally.bytes)} in ${formatRemaining(durationMs)}`
    : `Healed:\t${tally.objectsHealed}/${plural(tally.objects, 'object')}; ${formatSize(tally.bytesHealed)} in ${formatRemaining(durationMs)}`;
  return [
    ...(detail === '' ? [] : [paint.bad(`The heal stopped: ${detail}`)]),
    head,
    ...(tally.failed > 0 ? [paint.bad(`Failed:\t${plural(tally.failed, 'item')}`)] : []),
    ...(tally.quarantined > 0 ? [`In quarantine:\t${plural(tally.quarantined, 'version')}; see \`mts admin quarantine list\``] : []),
    ...drives,
  ].join('\n');
}

export function healSummaryObject(tally: HealTally, durationMs: number, detail: string): object {
  return {
    status: detail === '' && tally.failed === 0 ? 'success' : 'error', error: detail, type: 'summary', objects_scanned: tally.objects, objects_healed: tally.objectsHealed,
    items_scanned: tally.items, items_healed: tally.itemsHealed, items_failed: tally.failed, items_quarantined: tally.quarantined,
    size: tally.bytes, size_healed: tally.bytesHealed, duration: Math.round(durationMs * 1e6),
  };
}

/** The healing that goes on by itself, by drive. */
export function backgroundHealText(state: ClusterState, background: { readonly itemsHealed: number; readonly bytesHealed: number }, paint: Palette): string {
  const drives = state.sets.flatMap((set) => set.drives).filter((drive) => drive.state === 'healing');
  const done = background.itemsHealed === 0 ? [] : [`Healed in passing since the start: ${plural(background.itemsHealed, 'version')}, ${formatSize(background.bytesHealed)}`];
  if (drives.length === 0) return ['No active healing is detected for new drives.', ...done].join('\n');
  return [`Healing ${plural(drives.length, 'drive')}:`, ...drives.map((drive) => driveBlock(drive, paint)), ...done].join('\n');
}

function driveBlock({ endpoint, pool, set, healing }: DriveView, paint: Palette): string {
  const { percent, itemsHealed = 0, itemsFailed = 0, bytesHealed = 0, bytesPerSecond = 0, remainingMs, current = '' } = healing ?? {};
  const rest = [
    `${plural(itemsHealed, 'version')}, ${formatSize(bytesHealed)} healed`, ...(itemsFailed > 0 ? [paint.bad(`${itemsFailed} failed`)] : []),
    ...(bytesPerSecond > 0 ? [`${formatSize(Math.round(bytesPerSecond))}/s`] : []), ...(remainingMs === undefined ? [] : [`${formatRemaining(remainingMs)} left`]),
  ];
  return [`  ${paint.size('◐')} ${endpoint} (pool ${pool + 1}, set ${set + 1}): ${percent === undefined ? 'healing' : `${percent.toFixed(1)}%`}`, `    ${rest.join('; ')}`, ...(current === '' ? [] : [`    at ${current}`])].join('\n');
}
