/** Recent errors and slow requests, and the lines of a live trace: rows of the same kind. */
import { formatCallTime } from '../../view/index.js';
import type { SeenRequest } from '../../client/index.js';
import type { Place } from '../layout.js';
import { line, span, type Line, type Tone } from '../line.js';
import { chosenId, requestItems, traceItems, type RequestItem } from '../lists.js';
import type { State } from '../state.js';
import { emptyList, listTitle, type PanelContent } from './panel.js';
import { rowsAround } from './rows.js';

export function requestsPanel(state: State, { width, height }: Place): PanelContent {
  const items = requestItems(state);
  return {
    title: listTitle('Errors and slow requests', items.length, state.filters.requests),
    lines: items.length === 0 ? emptyList(state.filters.requests, 'None since the dashboard was opened.') : rows(items, { width, height: height - 1 }, chosenId('requests', state), state.panel === 'requests'),
  };
}

export function tracePanel(state: State, { width, height }: Pick<Place, 'width' | 'height'>): PanelContent {
  const items = traceItems(state);
  const failure = state.traceFailure === '' ? [] : [line(`The trace ended: ${state.traceFailure}. Trying again.`, 'bad')];
  return {
    title: listTitle('Live trace of S3 requests, newest first', items.length, state.filters.trace),
    lines: [...failure, ...(items.length === 0 ? emptyList(state.filters.trace, 'Waiting for requests.') : rows(items, { width, height: height - 1 - failure.length }, chosenId('trace', state), true))],
  };
}

function rows(items: readonly RequestItem[], { width, height }: Pick<Place, 'width' | 'height'>, chosen: string | undefined, isActive: boolean): Line[] {
  return rowsAround({ items, width, height, isActive, chosen: items.findIndex(({ id }) => id === chosen), row: requestRow });
}

function requestRow({ request, isSlow }: RequestItem): Line {
  return [
    span(`${clock(request.atMs)} `, 'dim'),
    span(`${request.status === 0 ? '---' : request.status} `, statusTone(request)),
    span(`${formatCallTime(request.durationMs).padStart(6)} `, isSlow ? 'warn' : 'plain'),
    span(`${request.api.replace(/^s3\./, '')} `, 'strong'),
    span(request.path),
  ];
}

function statusTone({ status }: SeenRequest): Tone {
  if (status === 0 || status >= 500) return 'bad';
  return status >= 400 ? 'warn' : 'good';
}

/** `12:34:56`, local. */
export function clock(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => String(value).padStart(2, '0')).join(':');
}

export function requestDetail(state: State, list: 'requests' | 'trace'): string {
  const items = list === 'trace' ? traceItems(state) : requestItems(state);
  const { request } = items.find(({ id }) => id === chosenId(list, state)) ?? {};
  if (request === undefined) return '';
  return [`${request.api} ${request.path}`, `${request.status}${request.error === '' ? '' : ` ${request.error}`}`, formatCallTime(request.durationMs), `on ${request.node}`, `from ${request.client}`].join('; ');
}
