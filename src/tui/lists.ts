/** The lists of the dashboard: what of a value is in them, filtered, and which of it is chosen. */
import type { BucketSize, DashboardValue, DriveView, NodeView, SeenRequest, SetView } from '../client/index.js';
import type { ListName, State } from './state.js';

export interface DriveGroup {
  readonly id: string;
  /** undefined for drives that have no place in a set. */
  readonly set: SetView | undefined;
  readonly drives: readonly DriveItem[];
}

export interface DriveItem {
  readonly id: string;
  readonly drive: DriveView;
}

/** True where all words of the filter are in the text, whatever their case. */
export function matches(text: string, filter: string): boolean {
  const lower = text.toLowerCase();
  return filter.toLowerCase().split(' ').every((word) => lower.includes(word));
}

export function driveGroups({ value, filters }: Pick<State, 'value' | 'filters'>): DriveGroup[] {
  const { sets = [], strays = [] } = value.cluster ?? {};
  const groups: DriveGroup[] = sets.map((set) => ({
    id: `set ${set.pool} ${set.set}`, set, drives: set.drives.map((drive) => ({ id: `drive ${set.pool} ${set.set} ${drive.slot}`, drive })),
  }));
  if (strays.length > 0) groups.push({ id: 'strays', set: undefined, drives: strays.map((drive) => ({ id: `stray ${drive.endpoint}`, drive })) });
  if (filters.drives === '') return groups;
  return groups
    .map((group) => ({ ...group, drives: group.drives.filter(({ drive }) => matches(driveWords(drive), filters.drives)) }))
    .filter(({ drives }) => drives.length > 0);
}

const driveWords = ({ endpoint, state, pool, set, remark }: DriveView): string => `${endpoint} ${state} pool ${pool + 1} set ${set + 1} ${remark}`;

export function nodeItems({ value, filters }: Pick<State, 'value' | 'filters'>): readonly NodeView[] {
  return (value.cluster?.nodes ?? []).filter(({ endpoint, state, version, reason }) => matches(`${endpoint} ${state} ${version} ${reason}`, filters.nodes));
}

export function bucketItems({ value, filters }: Pick<State, 'value' | 'filters'>): readonly BucketSize[] {
  return value.buckets.filter(({ name }) => matches(name, filters.buckets));
}

export interface RequestItem {
  readonly id: string;
  readonly request: SeenRequest;
  readonly isSlow: boolean;
}

/** Errors and slow requests, newest first; one that is both stands there once. */
export function requestItems({ value, filters }: { readonly value: Pick<DashboardValue, 'errors' | 'slow'>; readonly filters: Pick<State['filters'], 'requests'> }): RequestItem[] {
  const slow = new Set(value.slow.map(requestId));
  const errors = new Set(value.errors.map(requestId));
  return [...value.errors, ...value.slow.filter((request) => !errors.has(requestId(request)))]
    .filter((request) => matches(requestWords(request), filters.requests))
    .map((request) => ({ id: requestId(request), request, isSlow: slow.has(requestId(request)) }))
    .sort((a, b) => b.request.atMs - a.request.atMs);
}

/** Newest first. */
export function traceItems({ trace, filters }: Pick<State, 'trace' | 'filters'>): RequestItem[] {
  return trace.filter((request) => matches(requestWords(request), filters.trace)).map((request) => ({ id: requestId(request), request, isSlow: false }));
}

const requestId = ({ atMs, api, path, durationMs, client, node }: SeenRequest): string => [atMs, api, path, durationMs, client, node].join(' ');
const requestWords = ({ api, path, status, client, node, error }: SeenRequest): string => `${api} ${path} ${status} ${client} ${node} ${error}`;

/** Ids of a list, in order. Drives and their sets one after the other. */
export function idsOf(list: ListName, state: State): string[] {
  switch (list) {
    case 'drives':
      return driveGroups(state).flatMap(({ id, drives }) => [id, ...drives.map((item) => item.id)]);
    case 'nodes':
      return nodeItems(state).map(({ endpoint }) => endpoint);
    case 'buckets':
      return bucketItems(state).map(({ name }) => name);
    case 'requests':
      return requestItems(state).map(({ id }) => id);
    case 'trace':
      return traceItems(state).map(({ id }) => id);
  }
}

/** What is chosen in a list; undefined in an empty one. */
export function chosenId(list: ListName, state: State): string | undefined {
  const ids = idsOf(list, state);
  const chosen = state.chosen[list];
  return ids.includes(chosen) ? chosen : ids[0];
}
