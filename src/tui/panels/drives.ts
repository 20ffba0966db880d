/** Pools, sets and drives: a line or a cell of the map for each drive. */
import { formatCallTime, formatPercent, formatSize, plural } from '../../view/index.js';
import type { DriveView } from '../../client/index.js';
import { bar } from '../bars.js';
import { arrangeDrives, CELL_COLUMNS, idsOfLine, type DriveLine } from '../drive-map.js';
import { DRIVE_MARKS, HEALTH_TONES, HEALTH_WORDS } from '../drive-letters.js';
import { firstShown, type Place } from '../layout.js';
import { endOf, fit, span, type Line, type Span } from '../line.js';
import { chosenId, driveGroups, type DriveGroup } from '../lists.js';
import type { State } from '../state.js';
import { emptyList, listTitle, type PanelContent } from './panel.js';
import { marked } from './rows.js';

/** From this width on a drive's line has a bar of its used space, how large it is and how quick. */
const WIDE_COLUMNS = 70;
const BAR_COLUMNS = 10;
/** As much of a folder is shown behind its host, or the host is not. */
const FOLDER_COLUMNS = 6;

export function drivesPanel(state: State, { width, height }: Place): PanelContent {
  const groups = driveGroups(state);
  const lines = arrangeDrives(groups, width, height - 1);
  const chosen = chosenId('drives', state);
  const mark = state.panel === 'drives' ? chosen : undefined;
  const at = lines.findIndex((line) => chosen !== undefined && idsOfLine(line).includes(chosen));
  const first = firstShown(lines.length, at, height - 1);
  return {
    title: listTitle('Drives', groups.reduce((sum, { drives }) => sum + drives.length, 0), state.filters.drives),
    lines: lines.length === 0 ? emptyList(state.filters.drives, 'The server did not name its drives.') : lines.slice(first, first + height - 1).map((line) => driveLine(line, mark, width)),
  };
}

/** @param mark id of the row that is marked */
function driveLine(line: DriveLine, mark: string | undefined, width: number): Line {
  switch (line.kind) {
    case 'set':
      return marked(setRow(line.group, width), line.group.id === mark, width);
    case 'drive':
      return marked(driveRow(line.item.drive, width), line.item.id === mark, width);
    case 'cells':
      return fit(line.items.flatMap((item) => cell(item.drive, item.id === mark)), width);
  }
}

function setRow({ set }: DriveGroup, width: number): Line {
  if (set === undefined) return [span('Drives without a place', 'bad')];
  const { pool, size, parity, online, readFailuresLeft, writeFailuresLeft, health, drives } = set;
  const used = drives.reduce((sum, { usedBytes = 0 }) => sum + usedBytes, 0);
  const total = drives.reduce((sum, { totalBytes = 0 }) => sum + totalBytes, 0);
  return [
    span(`Pool ${pool + 1} set ${set.set + 1} `, 'strong'),
    span(HEALTH_WORDS[health], HEALTH_TONES[health]),
    span(` ${online}/${size} EC:${parity}`),
    ...(width < WIDE_COLUMNS ? [] : [span(`, ${formatPercent(used, total)} of ${formatSize(total)}; survives ${Math.max(0, readFailuresLeft)} for reads, ${Math.max(0, writeFailuresLeft)} for writes`, 'dim')]),
  ];
}

function driveRow(drive: DriveView, width: number): Line {
  const { letter, tone } = DRIVE_MARKS[drive.state];
  const state = span(stateText(drive).padEnd(12), tone);
  const head = [span(`${slotText(drive)} `), span(letter, tone), span(' '), state];
  if (width < WIDE_COLUMNS) return [...head, span(` ${usedText(drive).padStart(4)} `), span(shortDrive(drive.endpoint, width - 24))];
  return [
    ...head,
    ...usedBar(drive),
    span(` ${usedText(drive).padStart(4)}${drive.totalBytes === undefined ? '' : ` of ${formatSize(drive.totalBytes)}`}`.padEnd(17)),
    span((drive.latencyMs === undefined ? '' : formatCallTime(drive.latencyMs)).padEnd(8), 'dim'),
    span(shortDrive(drive.endpoint, width - 53)),
  ];
}

function usedBar({ usedBytes, totalBytes }: DriveView): Span[] {
  const fraction = usedBytes === undefined || totalBytes === undefined || totalBytes === 0 ? undefined : usedBytes / totalBytes;
  return [fraction === undefined ? span(' '.repeat(BAR_COLUMNS)) : span(bar(fraction, BAR_COLUMNS), fraction >= 0.9 ? 'bad' : fraction >= 0.75 ? 'warn' : 'good')];
}

/** ` 12 H100%`: how far it is healed, or how full it is. */
function cell(drive: DriveView, isMarked: boolean): Span[] {
  const { letter, tone } = DRIVE_MARKS[drive.state];
  const number = drive.state === 'healing' ? healedText(drive) : usedText(drive);
  const text = `${slotText(drive)} ${letter}${number.padStart(4)}`.padEnd(CELL_COLUMNS - 1);
  return isMarked ? [span(`>${text}`, 'chosen')] : [span(' '), span(text, tone)];
}

const slotText = ({ slot }: DriveView): string => (slot < 0 ? '-' : String(slot + 1)).padStart(2);

/** Host and folder: the scheme is the same everywhere. Where there is no room the port goes first, then the folder's middle. */
export function shortDrive(endpoint: string, width: number): string {
  if (endpoint === '') return '(none)';
  const full = endpoint.replace(/^https?:\/\//, '');
  const withoutPort = full.replace(/:\d+(?=\/)/, '');
  if (full.length <= width) return full;
  const host = withoutPort.split('/')[0] ?? '';
  const isHostShown = withoutPort.length > width && host !== '' && host.length + FOLDER_COLUMNS <= width;
  return isHostShown ? host + endOf(withoutPort.slice(host.length), width - host.length) : endOf(withoutPort, width);
}

function usedText({ usedBytes, totalBytes }: DriveView): string {
  return usedBytes === undefined || totalBytes === undefined || totalBytes === 0 ? '' : formatPercent(usedBytes, totalBytes);
}

function healedText({ healing }: DriveView): string {
  return healing?.percent === undefined ? '' : `${Math.floor(healing.percent)}%`;
}

function stateText(drive: DriveView): string {
  return drive.state === 'healing' ? `healing ${healedText(drive)}`.trimEnd() : drive.state;
}

/** All that is known of the chosen drive or set. */
export function driveDetail(state: State): string {
  const id = chosenId('drives', state);
  const group = driveGroups(state).find((candidate) => candidate.id === id);
  if (group?.set !== undefined) {
    const { readQuorum, writeQuorum, readFailuresLeft, writeFailuresLeft, pool, set } = group.set;
    return `Pool ${pool + 1} set ${set + 1}: survives ${Math.max(0, readFailuresLeft)} for reads, ${Math.max(0, writeFailuresLeft)} for writes; quorum ${readQuorum} and ${writeQuorum}`;
  }
  const drive = driveGroups(state).flatMap(({ drives }) => drives).find((item) => item.id === id)?.drive;
  if (drive === undefined) return '';
  const { endpoint, usedBytes, totalBytes, latencyMs, healing, remark } = drive;
  return [
    `${endpoint === '' ? '(none)' : endpoint}: ${stateText(drive)}`,
    ...(remark === '' ? [] : [remark]),
    ...(totalBytes === undefined ? [] : [`${formatSize(usedBytes ?? 0)} of ${formatSize(totalBytes)}`]),
    ...(latencyMs === undefined ? [] : [`${formatCallTime(latencyMs)} a call`]),
    ...(healing === undefined ? [] : [`${plural(healing.itemsHealed, 'version')} healed`]),
  ].join('; ');
}
