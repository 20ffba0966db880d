/** Drives that are being filled, heals that were started here, what was healed in passing, and the scanner. */
import { formatRemaining, formatRoughDuration, formatTightSize, plural } from '../../view/index.js';
import type { DriveView } from '../../client/index.js';
import { bar } from '../bars.js';
import type { Place } from '../layout.js';
import { fit, line, span, type Line } from '../line.js';
import type { HealJob, State } from '../state.js';
import { shortDrive } from './drives.js';
import type { PanelContent } from './panel.js';

const BAR_COLUMNS = 8;

export function healingPanel(state: State, { width, height }: Place): PanelContent {
  const drives = (state.value.cluster?.sets ?? []).flatMap((set) => set.drives).filter(({ state: is }) => is === 'healing');
  const missed = (state.value.cluster?.sets ?? []).flatMap((set) => set.drives).reduce((sum, { missedChanges }) => sum + missedChanges, 0);
  const { itemsHealed, bytesHealed, itemsFailed, queued } = state.value.healing;
  const passing = [
    `In passing: ${plural(itemsHealed, 'version')}, ${formatTightSize(bytesHealed)}`,
    ...(itemsFailed > 0 ? [`${itemsFailed} failed`] : []), ...(queued > 0 ? [`${queued} queued`] : []), ...(missed > 0 ? [`${missed} missed`] : []),
  ].join(', ');
  const lines = [
    ...(drives.length === 0 ? [line('No drive is being healed.', 'dim')] : []),
    ...drives.map((drive) => driveRow(drive, width)),
    ...[...state.heals].reverse().map((job) => jobRow(job, state.nowMs)),
    line(passing, itemsFailed > 0 ? 'warn' : 'plain'),
    line(scannerText(state)),
  ];
  const room = height - 1;
  // What was healed in passing and the scanner stay, however many drives are being healed.
  const shown = lines.length <= room ? lines : [...lines.slice(0, Math.max(0, room - 2)), ...lines.slice(-2)].slice(0, room);
  return { title: drives.length === 0 ? 'Healing' : `Healing (${plural(drives.length, 'drive')})`, lines: shown.map((one) => fit(one, width)) };
}

function driveRow({ endpoint, healing }: DriveView, width: number): Line {
  const { percent, bytesPerSecond = 0, remainingMs, itemsFailed = 0 } = healing ?? {};
  const rest = [
    percent === undefined ? 'healing' : `${Math.floor(percent)}%`,
    ...(remainingMs === undefined ? [] : [`${formatRemaining(remainingMs)} left`]),
    ...(bytesPerSecond > 0 ? [`${formatTightSize(Math.round(bytesPerSecond))}/s`] : []),
    ...(itemsFailed > 0 ? [`${itemsFailed} failed`] : []),
  ].join(' ');
  const name = shortDrive(endpoint, Math.max(12, width - BAR_COLUMNS - rest.length - 4));
  return [span('H ', 'warn'), span(`${name} `), span(bar((percent ?? 0) / 100, BAR_COLUMNS), 'warn'), span(` ${rest}`)];
}

/** Of a heal that was started here. */
function jobRow({ target, startedMs, objects, healed, failed, bytes, end }: HealJob, nowMs: number): Line {
  const elapsedMs = Math.max(1, (end?.atMs ?? nowMs) - startedMs);
  const counts = `${plural(objects, 'object')}, ${healed} healed${failed > 0 ? `, ${failed} failed` : ''}`;
  if (end !== undefined) {
    if (end.failure !== '') return [span(`Heal of ${target.label} failed: ${end.failure}`, 'bad')];
    return [span(`Healed ${target.label}: `, failed > 0 ? 'bad' : 'good'), span(`${counts} in ${formatRemaining(elapsedMs)}`)];
  }
  const fraction = target.objectsTotal === undefined || target.objectsTotal === 0 ? undefined : Math.min(1, objects / target.objectsTotal);
  const rest = [
    ...(fraction === undefined ? [] : [`${Math.floor(fraction * 100)}%`]),
    ...(fraction === undefined || fraction === 0 ? [] : [`${formatRemaining((elapsedMs * (1 - fraction)) / fraction)} left`]),
    `${formatTightSize(Math.round((bytes * 1000) / elapsedMs))}/s`,
  ].join(' ');
  return [span(`Healing ${target.label}: `, 'warn'), span(`${rest}, ${counts}`)];
}

function scannerText({ value }: State): string {
  const { scanner } = value;
  if (scanner === undefined) return 'Scanner: the server does not say';
  const { isRunning, cycle = 0, scanned, checked, bucket = '', finishedMs } = scanner;
  if (isRunning !== true) return `Scanner: idle, ${plural(cycle, 'cycle')} done${finishedMs === undefined ? '' : `, ${formatRoughDuration(value.atMs - finishedMs)} ago`}`;
  return [`Scanner: cycle ${cycle + 1}`, ...(scanned === undefined ? [] : [`${scanned} seen`]), ...(checked === undefined ? [] : [`${checked} checked`]), ...(bucket === '' ? [] : [`in ${bucket}`])].join(', ');
}
