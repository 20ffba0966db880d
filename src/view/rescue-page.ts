/** The report of `rescue scan` as one HTML page that needs nothing else: the counts, and a picture of drives x objects. */
import { rescueSentence, type ShownProblem, type ShownScan } from './rescue.js';
import { formatSize } from './size.js';
import { formatTime } from './time.js';

interface Column {
  readonly firstName: string;
  readonly lastName: string;
  readonly objects: number;
  readonly lost: number;
  readonly degraded: number;
  readonly good: readonly number[];
  readonly seen: readonly number[];
}

export interface RescuePage extends ShownScan {
  readonly columns: readonly Column[];
  /** The first of those that are lost or degraded. */
  readonly problems: readonly ShownProblem[];
  readonly problemCount: number;
  readonly madeAt: Date;
}

const CELL_PX = 14;
const WIDTH_PX = 1024;
const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:80em;padding:0 1em;color:#1c2733;background:#fff}
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #c9d1d9;padding:.2em .6em;text-align:left;vertical-align:top}td.n{text-align:right}
.bad{color:#b3261e}svg{display:block;background:#f2f4f6}.scroll{overflow-x:auto}.key span{display:inline-block;width:1em;height:1em;vertical-align:-.15em;margin:0 .3em 0 1em}`;
const GOOD = '#2e8b57';
const LOST = '#b3261e';
const NONE = '#e3e7ea';

const PLAIN = (text: string): string => text;
const NO_PAINT = { time: PLAIN, size: PLAIN, storageClass: PLAIN, folder: PLAIN, version: PLAIN, deleted: PLAIN, good: PLAIN, bad: PLAIN, strong: PLAIN, itemError: PLAIN, fatalError: PLAIN };

export function rescuePage(page: RescuePage): string {
  const { report, sets, strays, problems, problemCount, madeAt } = page;
  const buckets = [...report.buckets, ['servers’ own', report.system] as const].map(
    ([name, c]) => `<tr><td>${escape(name)}</td>${[c.whole, c.degraded, c.lost, c.leftover].map((n) => `<td class="n">${n}</td>`).join('')}<td class="n">${formatSize(c.readableBytes)}</td><td class="n">${formatSize(c.lostBytes)}</td></tr>`,
  );
  const lines = problems.map(({ bucket, key, versionId, verdict, size, why }) => `<tr><td class="${verdict === 'lost' ? 'bad' : ''}">${verdict}</td><td>${escape(`${bucket}/${key}`)}</td><td>${escape(versionId)}</td><td class="n">${formatSize(size)}</td><td>${escape(why)}</td></tr>`);
  const rest = problemCount > problems.length ? `<p>${problemCount - problems.length} more are not shown; <code>mts rescue scan --json</code> lists all.</p>` : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What is left on these drives</title><style>${STYLE}</style></head><body>
<h1>What is left on these drives</h1><p>${escape(rescueSentence(report, NO_PAINT))} Looked at ${escape(formatTime(madeAt))}.</p>
<h2>Drives and objects</h2>${picture(page)}
<p class="key"><span style="background:${GOOD}"></span>has its shards<span style="background:${mixed(0.5)}"></span>of half of the objects<span style="background:${LOST}"></span>of none<span style="background:${NONE}"></span>not of this set. The lowest row: red where objects are lost, yellow where they can be read but not from all drives.</p>
<h2>Drives</h2><table><tr><th>Drive</th><th>Is</th><th>Remark</th></tr>${sets.flatMap((set) => set.drives.map(({ path, slot, remark }) => `<tr><td>${escape(path)}</td><td>${escape(set.name)}, ${slot === undefined ? 'place unknown' : `drive ${slot + 1} of ${set.size}`}</td><td>${escape(remark)}</td></tr>`)).join('')}${strays.map(({ path, remark }) => `<tr><td>${escape(path)}</td><td class="bad">unknown</td><td>${escape(remark)}</td></tr>`).join('')}</table>
<h2>Buckets</h2><table><tr><th>Bucket</th><th>Whole</th><th>Degraded</th><th>Lost</th><th>Leftover</th><th>Readable</th><th>Lost bytes</th></tr>${buckets.join('')}</table>
${lines.length === 0 ? '' : `<h2>Not whole</h2><table><tr><th>State</th><th>Object</th><th>Version</th><th>Size</th><th>Why</th></tr>${lines.join('')}</table>${rest}`}
</body></html>
`;
}

/** Rows are drives, columns runs of objects in the order of their names. */
function picture({ columns, sets }: RescuePage): string {
  const rows = sets.flatMap(({ name, drives }) => drives.map(({ path, slot }) => ({ path, label: `${name}, drive ${slot === undefined ? '?' : slot + 1}` })));
  const width = Math.max(1, Math.floor(WIDTH_PX / Math.max(1, columns.length)));
  const cell = (x: number, y: number, fill: string, title: string): string => `<rect x="${x * width}" y="${y * CELL_PX}" width="${width}" height="${CELL_PX - 1}" fill="${fill}"><title>${escape(title)}</title></rect>`;
  const cells = columns.flatMap((column, x) => {
    const { firstName, lastName, objects, lost, degraded, good, seen } = column;
    const span = objects === 1 ? firstName : `${firstName} to ${lastName} (${objects})`;
    const own = rows.map(({ path }, y) => {
      const [has, of] = [good[y] ?? 0, seen[y] ?? 0];
      return cell(x, y, of === 0 ? NONE : mixed(has / of), `${path}: ${has} of ${of} whole, ${span}`);
    });
    const sum = lost > 0 ? LOST : degraded > 0 ? '#d9a400' : GOOD;
    return [...own, cell(x, rows.length + 0.5, sum, `${lost} lost, ${degraded} degraded, ${span}`)];
  });
  const labels = rows.map(({ label }, y) => `<text x="${columns.length * width + 6}" y="${y * CELL_PX + 11}" font-size="11">${escape(label)}</text>`);
  return `<div class="scroll"><svg width="${columns.length * width + 160}" height="${(rows.length + 2) * CELL_PX}" role="img" aria-label="drives and objects">${cells.join('')}${labels.join('')}</svg></div>`;
}

/** From red (0) over yellow to green (1). */
function mixed(fraction: number): string {
  if (fraction >= 1) return GOOD;
  return fraction <= 0 ? LOST : `hsl(${Math.round(10 + 90 * fraction)} 65% 45%)`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
