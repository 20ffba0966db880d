/** What the dashboard knows and what its user chose, as one value. */
import type { DashboardValue, SeenRequest } from '../client/index.js';

export const PANELS = ['drives', 'nodes', 'buckets', 'traffic', 'healing', 'requests'] as const;
export type Panel = (typeof PANELS)[number];

/** Panels that are lists, and the list that takes the whole screen. */
export type ListName = 'drives' | 'nodes' | 'buckets' | 'requests' | 'trace';

export interface HealTarget {
  /** As people say it: `bucket photos`, `pool 1 set 2`. */
  readonly label: string;
  /** As the admin API takes it: a bucket; empty for everything of the pool and set. */
  readonly path: string;
  /** From 0. */
  readonly pool?: number;
  readonly set?: number;
  /** Objects there are, where somebody counted them. */
  readonly objectsTotal: number | undefined;
}

/** A heal that was started here. */
export interface HealJob {
  readonly target: HealTarget;
  readonly startedMs: number;
  readonly objects: number;
  readonly healed: number;
  readonly failed: number;
  readonly bytes: number;
  /** What was looked at last. */
  readonly current: string;
  /** undefined while it runs. `failure` is empty where it came to its end. */
  readonly end: { readonly atMs: number; readonly failure: string } | undefined;
}

export type Question = { readonly kind: 'heal'; readonly target: HealTarget } | { readonly kind: 'quit' };

export interface State {
  readonly alias: string;
  readonly columns: number;
  readonly rows: number;
  readonly value: DashboardValue;
  readonly nowMs: number;
  readonly view: 'panels' | 'help' | 'trace';
  readonly panel: Panel;
  /** The panel has the whole screen. */
  readonly isZoomed: boolean;
  /** What is chosen in each list, by id; the first where that is not there. */
  readonly chosen: Readonly<Record<ListName, string>>;
  readonly filters: Readonly<Record<ListName, string>>;
  /** The list whose filter is being typed. */
  readonly typing: ListName | undefined;
  readonly question: Question | undefined;
  /** Oldest first. */
  readonly heals: readonly HealJob[];
  /** Newest first. */
  readonly trace: readonly SeenRequest[];
  /** Why there are no new lines; empty where they come. */
  readonly traceFailure: string;
  /** A sentence about the last key; gone with the next one. */
  readonly notice: string;
}

export function initialState(alias: string, size: { readonly columns: number; readonly rows: number }, value: DashboardValue): State {
  const none = { drives: '', nodes: '', buckets: '', requests: '', trace: '' };
  return {
    alias, ...size, value, nowMs: value.atMs, view: 'panels', panel: 'drives', isZoomed: false, chosen: none, filters: none, typing: undefined, question: undefined,
    heals: [], trace: [], traceFailure: '', notice: '',
  };
}

/** The list that keys move in; undefined in panels that are none. */
export function listOf({ view, panel }: State): ListName | undefined {
  if (view === 'trace') return 'trace';
  return panel === 'traffic' || panel === 'healing' ? undefined : panel;
}
