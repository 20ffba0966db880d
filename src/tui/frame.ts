/** The whole screen as lines, from the state: what the components put onto the terminal. */
import { drivesSentence, formatRoughDuration, usageSentence, verdict } from '../view/index.js';
import { HEALTH_TONES, HEALTH_WORDS } from './drive-letters.js';
import { helpLines } from './help.js';
import { bodyHeight, COLUMNS_MIN, isTooSmall, layoutOf, ROWS_MIN, type Place } from './layout.js';
import { fit, line, lineWidth, span, spread, type Line } from './line.js';
import { bucketDetail, bucketsPanel } from './panels/buckets.js';
import { driveDetail, drivesPanel } from './panels/drives.js';
import { healingPanel } from './panels/healing.js';
import { nodeDetail, nodesPanel } from './panels/nodes.js';
import type { PanelContent } from './panels/panel.js';
import { clock, requestDetail, requestsPanel, tracePanel } from './panels/requests.js';
import { trafficPanel } from './panels/traffic.js';
import { runningHeals } from './reducer.js';
import { listOf, type Panel, type State } from './state.js';

/** Lines of exactly `width` columns, exactly `height` of them. */
export interface Pane {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
}

export interface Frame {
  readonly header: Pane;
  readonly columns: readonly (readonly Pane[])[];
  readonly footer: Pane;
}

const CONTENTS: Readonly<Record<Panel, (state: State, place: Place) => PanelContent>> = {
  drives: drivesPanel, nodes: nodesPanel, buckets: bucketsPanel, traffic: trafficPanel, healing: healingPanel, requests: requestsPanel,
};

export function frameOf(state: State): Frame {
  const { columns: width } = state;
  if (isTooSmall(state)) return tooSmall(state);
  return {
    header: pane('header', width, 2, headerLines(state)),
    columns: bodyOf(state),
    footer: pane('footer', width, 2, footerLines(state)),
  };
}

function pane(key: string, width: number, height: number, lines: readonly Line[]): Pane {
  return { key, width, height, lines: Array.from({ length: height }, (_, index) => fit(lines[index] ?? [], width)) };
}

function tooSmall({ columns, rows }: State): Frame {
  const words = line(`${columns}x${rows} is too small: ${COLUMNS_MIN}x${ROWS_MIN} is needed, 80x24 is better.`, 'bad');
  return { header: pane('header', columns, rows, [words]), columns: [], footer: pane('footer', columns, 0, []) };
}

function bodyOf(state: State): Pane[][] {
  const whole = { width: state.columns, height: bodyHeight(state) };
  if (state.view === 'help') return [[titled('help', whole, { title: 'Help', lines: helpLines(state.columns) }, true)]];
  if (state.view === 'trace') return [[titled('trace', whole, tracePanel(state, whole), true)]];
  return layoutOf(state).map((column) => column.map((place) => titled(place.panel, place, CONTENTS[place.panel](state, place), place.panel === state.panel)));
}

/** The title is a rule, which keeps panels apart without a frame around each; the active one is told by its mark. */
function titled(key: string, { width, height }: Pick<Place, 'width' | 'height'>, { title, lines }: PanelContent, isActive: boolean): Pane {
  const words = span(`${isActive ? '▶' : '─'} ${title} `, isActive ? 'accent' : 'strong');
  const rule = [words, span('─'.repeat(Math.max(0, width - lineWidth([words]))), isActive ? 'accent' : 'dim')];
  return pane(key, width, height, [rule, ...lines]);
}

function headerLines(state: State): Line[] {
  const { alias, columns, value } = state;
  const { cluster, failure, atMs } = value;
  const name = span(` mts ${alias} `, 'chosen');
  const time = [span(clock(atMs), 'dim')];
  const lost = span(` SERVER LOST ${formatRoughDuration(state.nowMs - atMs)} ago `, 'bad');
  if (cluster === undefined) return [spread([name], time, columns), failure === '' ? line('Waiting for the first answer.') : line(`${shortFailure(failure)}. Trying again.`, 'bad')];
  const tone = HEALTH_TONES[cluster.health];
  return [
    spread([name, span(' '), span(drivesSentence(cluster), tone), span(`${cluster.parity > 0 ? `, EC:${cluster.parity}` : ''}, `), span(HEALTH_WORDS[cluster.health], tone)], failure === '' ? time : [lost, ...time], columns),
    failure === '' ? [span(`${verdict(cluster)} `, cluster.health === 'healthy' ? 'plain' : tone), span(usageSentence(cluster), 'dim')] : line(`${shortFailure(failure)}. Trying again; shown is ${clock(atMs)}.`, 'bad'),
  ];
}

/** `Get "http://host:9000/minio/...": connection refused` without what the user did not ask for. */
function shortFailure(failure: string): string {
  return failure.replace(/^\w+ "(\w+:\/\/[^/"]+)[^"]*": /, '$1: ');
}

function footerLines(state: State): Line[] {
  const { question, typing, notice } = state;
  if (question?.kind === 'heal') return [line(`Heal ${question.target.label} of ${state.alias}? Each object is looked at; what drives lack is brought.`, 'warn'), line('y heal   any other key: no', 'strong')];
  if (question?.kind === 'quit') return [line(`The heal of ${runningHeals(state)[0]?.target.label ?? ''} stops when the dashboard is closed. Quit?`, 'warn'), line('y quit   any other key: no', 'strong')];
  if (typing !== undefined) return [[span('Filter: ', 'strong'), span(state.filters[typing]), span('_', 'chosen')], line('enter keep   esc show everything', 'dim')];
  const words = state.view === 'trace' ? 't back  / filter  arrows choose  ? help  q quit' : state.view === 'help' ? 'any key: back  q quit' : 'tab panel  arrows choose  enter zoom  / filter  h heal  t trace  ? help  q quit';
  return [notice === '' ? line(detailOf(state)) : line(notice, 'warn'), line(words, 'dim')];
}

/** All that is known of what is chosen: lists have room for a part of it only. */
function detailOf(state: State): string {
  const list = state.view === 'help' ? undefined : listOf(state);
  switch (list) {
    case 'drives':
      return driveDetail(state);
    case 'nodes':
      return nodeDetail(state);
    case 'buckets':
      return bucketDetail(state);
    case 'requests':
    case 'trace':
      return requestDetail(state, list);
    default:
      return '';
  }
}
