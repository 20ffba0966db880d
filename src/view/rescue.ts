/** How `rescue scan` shows what is left on drives. */
import { plural } from './short-time.js';
import { formatSize } from './size.js';
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';

interface Counts {
  readonly whole: number;
  readonly degraded: number;
  readonly lost: number;
  readonly leftover: number;
  readonly readableBytes: number;
  readonly lostBytes: number;
}

export interface ShownDrive {
  readonly path: string;
  readonly slot: number | undefined;
  readonly remark: string;
}

export interface ShownSet {
  readonly name: string;
  readonly size: number;
  readonly drives: readonly ShownDrive[];
}

export interface ShownScan {
  readonly sets: readonly ShownSet[];
  readonly strays: readonly ShownDrive[];
  readonly deploymentId: string;
  readonly report: {
    readonly objects: Counts;
    readonly system: Counts;
    readonly buckets: ReadonlyMap<string, Counts>;
    readonly unreadableKeys: number;
    readonly drives: readonly (readonly { readonly states: Readonly<Record<string, number>> }[])[];
  };
}

export interface ShownProblem {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly verdict: 'degraded' | 'lost' | 'leftover';
  readonly size: number;
  readonly why: string;
}

/** One version that is not whole: `LOST bucket/key (1.2 MiB): why`. */
export function rescueProblemLine({ bucket, key, versionId, verdict, size, why }: ShownProblem, paint: Palette): string {
  const name = `${bucket}/${key}${versionId === '' || versionId === 'null' ? '' : ` version ${versionId}`}`;
  const word = verdict === 'lost' ? paint.bad('LOST') : verdict === 'leftover' ? 'LEFTOVER' : paint.size('DEGRADED');
  return `${word} ${name} (${formatSize(size)}): ${why}`;
}

export async function rescueScanText({ sets, strays, report }: ShownScan, paint: Palette): Promise<string> {
  const drives = sets.flatMap((set, i) =>
    set.drives.map(({ path, slot, remark }, j) => {
      const states = report.drives[i]?.[j]?.states ?? {};
      const bad = (states['corrupt'] ?? 0) + (states['unknown'] ?? 0) + (states['offline'] ?? 0);
      const lacking = (states['missing'] ?? 0) + (states['outdated'] ?? 0);
      return [path, `${set.name}, ${slot === undefined ? 'place unknown' : `drive ${slot + 1} of ${set.size}`}`, String(states['ok'] ?? 0), number(lacking, paint), number(bad, paint), number(states['misplaced'] ?? 0, paint), remark];
    }),
  );
  const none = strays.map(({ path, remark }) => [path, paint.bad('unknown'), '', '', '', '', remark]);
  const right = ['left', 'left', 'right', 'right', 'right', 'right', 'left'] as const;
  const blocks = [await renderTable(['Drive', 'Is', 'Whole', 'Lacking', 'Damaged', "Another's", 'Remark'], [...drives, ...none], { alignments: right })];
  for (const set of sets) {
    const gone = Array.from({ length: set.size }, (_, slot) => slot).filter((slot) => !set.drives.some((drive) => drive.slot === slot));
    if (gone.length > 0) blocks.push(paint.bad(`Not here: ${set.name}, drive ${gone.map((slot) => slot + 1).join(', ')} of ${set.size}.`));
  }
  const rows = [...report.buckets].map(([name, counts]) => countsRow(name, counts, paint));
  if (rows.length > 0) blocks.push(await renderTable(['Bucket', 'Whole', 'Degraded', 'Lost', 'Leftover', 'Readable', 'Lost bytes'], [...rows, countsRow('servers’ own', report.system, paint)], { alignments: ['left', 'right', 'right', 'right', 'right', 'right', 'right'] }));
  blocks.push(rescueSentence(report, paint));
  return blocks.join('\n');
}

function number(count: number, paint: Palette): string {
  return count === 0 ? '0' : paint.bad(String(count));
}

function countsRow(name: string, { whole, degraded, lost, leftover, readableBytes, lostBytes }: Counts, paint: Palette): string[] {
  return [name, String(whole), degraded === 0 ? '0' : paint.size(String(degraded)), number(lost, paint), String(leftover), formatSize(readableBytes), lostBytes === 0 ? '' : paint.bad(formatSize(lostBytes))];
}

export function rescueSentence({ objects, system, unreadableKeys }: ShownScan['report'], paint: Palette): string {
  const { whole, degraded, lost, readableBytes } = objects;
  const sum = whole + degraded + lost;
  const keys = unreadableKeys === 0 ? '' : ` Of ${plural(unreadableKeys, 'key')} no drive has metadata that can be read.`;
  const own = system.lost === 0 ? '' : ` Of the servers' own objects (users, policies, settings of buckets) ${system.lost} ${system.lost === 1 ? 'is' : 'are'} lost.`;
  const all = lost === 0 && unreadableKeys === 0 ? paint.good(`All ${plural(sum, 'version')} can be read, ${formatSize(readableBytes)}.`) : paint.bad(`${whole + degraded} of ${plural(sum, 'version')} can be read, ${formatSize(readableBytes)}; ${lost} ${lost === 1 ? 'is' : 'are'} lost.`);
  return `${all}${degraded > 0 ? ` ${degraded} of them lack shards on some drive.` : ''}${keys}${own}`;
}

/** Sets, slots and pools count from 0. */
export function rescueScanObject({ sets, strays, deploymentId, report }: ShownScan): object {
  return {
    status: 'success', type: 'summary', deploymentId,
    sets: sets.map(({ name, size, drives }, i) => ({ name, size, drives: drives.map(({ path, slot, remark }, j) => ({ path, slot, remark, ...report.drives[i]?.[j]?.states })) })),
    unknown: strays.map(({ path, remark }) => ({ path, remark })),
    objects: report.objects, system: report.system, buckets: Object.fromEntries(report.buckets), unreadableKeys: report.unreadableKeys,
  };
}
