/** `cluster status`: a cluster as text for a terminal of some width, and as an object. */
import stringWidth from 'string-width';
import type { ClusterState, DriveState, DriveView, NodeView, SetHealth, SetView } from '../client/index.js';
import { drivesSentence, formatPercent, usageSentence, verdict } from './cluster-words.js';
import { formatCallTime, formatRemaining, formatRoughDuration, plural } from './short-time.js';
import { formatSize } from './size.js';
import type { Paint, Palette } from './terminal.js';

/** Clocks that differ by this much are named. */
const CLOCK_WARNING_MS = 1000;
/** From this width on remarks stand in the drive's own line. */
const WIDE_COLUMNS = 120;

/** Lines of at most `width` columns. */
export function clusterText(state: ClusterState, width: number, paint: Palette): string {
  return [
    headLines(state, paint).join('\n'),
    ...(state.nodes.length === 0 ? [] : [nodeLines(state.nodes, width, paint).join('\n')]),
    ...state.sets.map((set) => setLines(set, width, paint).join('\n')),
    ...(state.strays.length === 0 ? [] : [['Drives without a place', ...driveLines(state.strays, width, paint)].join('\n')]),
  ].join('\n\n');
}

function headLines(state: ClusterState, paint: Palette): string[] {
  const usage = usageSentence(state);
  return [`${healthPaint(state.health, paint)(drivesSentence(state))}${state.parity > 0 ? `, EC:${state.parity}` : ''}`, verdict(state), ...(usage === '' ? [] : [usage])];
}

function nodeLines(nodes: readonly NodeView[], width: number, paint: Palette): string[] {
  const isWide = width >= WIDE_COLUMNS;
  const rows = nodes.map((node) => [
    dot(node.state === 'online' ? 'online' : node.state === 'initializing' ? 'healing' : 'offline', paint),
    node.endpoint,
    node.state,
    node.state === 'online' ? `up ${formatRoughDuration(node.uptimeMs)}` : '',
    `${node.drivesOnline}/${node.drivesTotal} drives`,
    node.version,
    clockText(node, paint),
    ...(isWide ? [node.reason] : []),
  ]);
  return ['Nodes', ...withNotes(columns(rows, width), isWide ? [] : nodes.map(({ reason }) => reason), width)];
}

function clockText({ clockOffsetMs }: NodeView, paint: Palette): string {
  if (clockOffsetMs === undefined) return '';
  const text = `clock ${clockOffsetMs < 0 ? '-' : '+'}${(Math.abs(clockOffsetMs) / 1000).toFixed(Math.abs(clockOffsetMs) < 100 ? 3 : 1)}s`;
  return Math.abs(clockOffsetMs) >= CLOCK_WARNING_MS ? paint.bad(text) : text;
}

const HEALTH_WORDS: Readonly<Record<SetHealth, string>> = { healthy: 'healthy', degraded: 'degraded', 'no-writes': 'below write quorum', 'no-reads': 'below read quorum' };

function setLines(set: SetView, width: number, paint: Palette): string[] {
  const { size, parity, online, healing, readQuorum, writeQuorum, readFailuresLeft, writeFailuresLeft } = set;
  const facts = [
    `${size - parity}+${parity} drives`,
    `${online} of ${size} online${healing > 0 ? ` (${healing} healing)` : ''}`,
    `read quorum ${readQuorum}, write quorum ${writeQuorum}`,
    `survives ${Math.max(0, readFailuresLeft)} for reads, ${Math.max(0, writeFailuresLeft)} for writes`,
  ];
  return [`Pool ${set.pool + 1}, set ${set.set + 1}: ${healthPaint(set.health, paint)(HEALTH_WORDS[set.health])}`, ...wrap(facts, width - 2).map((line) => `  ${line}`), ...driveLines(set.drives, width, paint)];
}

function driveLines(drives: readonly DriveView[], width: number, paint: Palette): string[] {
  const isWide = width >= WIDE_COLUMNS;
  const rows = drives.map((drive) => [
    dot(drive.state, paint),
    drive.slot < 0 ? '-' : String(drive.slot + 1),
    shorten(drive.endpoint === '' ? '(none)' : drive.endpoint, isWide ? 60 : 34),
    statePaint(drive.state, paint)(stateText(drive)),
    drive.totalBytes === undefined ? '' : `${formatPercent(drive.usedBytes ?? 0, drive.totalBytes)} of ${formatSize(drive.totalBytes)}`,
    drive.latencyMs === undefined ? '' : formatCallTime(drive.latencyMs),
    ...(isWide ? [noteOf(drive)] : []),
  ]);
  return withNotes(columns(rows, width), isWide ? [] : drives.map(noteOf), width);
}

/** Each line with its note below, where there is one. */
function withNotes(lines: readonly string[], notes: readonly string[], width: number): string[] {
  return lines.flatMap((line, index) => [line, ...wrap((notes[index] ?? '').split(' ').filter((word) => word !== ''), width - 8, ' ').map((part) => `        ${part}`)]);
}

function stateText({ state, healing }: DriveView): string {
  return state === 'healing' && healing?.percent !== undefined ? `healing ${Math.floor(healing.percent)}%` : state;
}

function noteOf({ remark, healing }: DriveView): string {
  if (healing === undefined) return remark;
  const { itemsHealed, itemsFailed, bytesPerSecond, remainingMs, current } = healing;
  return [
    `${plural(itemsHealed, 'version')} healed`,
    ...(itemsFailed > 0 ? [`${itemsFailed} failed`] : []),
    ...(bytesPerSecond > 0 ? [`${formatSize(Math.round(bytesPerSecond))}/s`] : []),
    ...(remainingMs === undefined ? [] : [`${formatRemaining(remainingMs)} left`]),
    ...(current === '' ? [] : [`at ${current}`]),
  ].join(', ');
}

function statePaint(state: DriveState, paint: Palette): Paint {
  if (state === 'online') return paint.good;
  return state === 'healing' || state === 'slow' || state === 'misplaced' || state === 'full' || state === 'read-only' ? paint.size : paint.bad;
}

function healthPaint(health: SetHealth, paint: Palette): Paint {
  return health === 'healthy' ? paint.good : health === 'degraded' ? paint.size : paint.bad;
}

/** Letters beside the colour: a screen without colours says the same. */
const DOTS: Readonly<Record<DriveState, string>> = {
  online: '●', offline: '✖', unformatted: '○', foreign: '!', doubled: '!', misplaced: '↔', healing: '◐', full: '■', 'read-only': 'R', slow: 'S', faulty: '✖', corrupt: '✖', unknown: '?',
};

function dot(state: DriveState, paint: Palette): string {
  return statePaint(state, paint)(DOTS[state]);
}

/** Cells under each other, two blanks apart, empty columns left out; lines too long are cut. */
function columns(rows: readonly (readonly string[])[], width: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))));
  return rows.map((row) => {
    const cells = row.flatMap((cell, column) => ((widths[column] ?? 0) === 0 ? [] : [cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell))]));
    return cut(`  ${cells.join('  ')}`.trimEnd(), width);
  });
}

/** Cuts a line at a column, colours and all: what is cut is plain remark text, which stands last. */
function cut(line: string, width: number): string {
  if (stringWidth(line) <= width) return line;
  const characters = [...line];
  while (characters.length > 0 && stringWidth(characters.join('')) > width - 1) characters.pop();
  return `${characters.join('')}…`;
}

/** Keeps the end, which tells drives apart. */
function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `…${characters.slice(characters.length - width + 1).join('')}`;
}

/** Parts joined to as few lines as they fit in. */
function wrap(parts: readonly string[], width: number, separator = '; '): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || stringWidth(`${last}${separator}${part}`) > width) lines.push(part);
    else lines[lines.length - 1] = `${last}${separator}${part}`;
  }
  return lines;
}

/** The same as one object. */
export function clusterObject(state: ClusterState): object {
  return { status: 'success', ...state };
}
