/** What keys and news make of the state, and what is to be done about them: a pure function. */
import type { DashboardValue, SeenRequest } from '../client/index.js';
import { driveIdLines } from './drive-map.js';
import { healTarget } from './heal-target.js';
import { bodyHeight, nextPanel, placeOf } from './layout.js';
import { chosenId, idsOf } from './lists.js';
import { listOf, type HealJob, type HealTarget, type ListName, type State } from './state.js';

export type Action =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'size'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'value'; readonly value: DashboardValue; readonly nowMs: number }
  /** Newest first. */
  | { readonly kind: 'trace'; readonly lines: readonly SeenRequest[] }
  | { readonly kind: 'trace-failed'; readonly failure: string }
  /** A heal that was started here, as it is now. */
  | { readonly kind: 'heal'; readonly job: HealJob };

/** What the state alone cannot do. */
export type Effect =
  | { readonly kind: 'quit'; readonly isInterrupted: boolean }
  | { readonly kind: 'heal'; readonly target: HealTarget }
  | { readonly kind: 'trace'; readonly isOn: boolean };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

const TRACE_MAX = 1000;
/** Heals that ended are shown until there are this many newer ones. */
const HEALS_MAX = 4;

export function reduce(state: State, action: Action): Step {
  switch (action.kind) {
    case 'key':
      return onKey({ ...state, notice: '' }, action.key);
    case 'size':
      return still({ ...state, columns: action.columns, rows: action.rows });
    case 'value':
      return still({ ...state, value: action.value, nowMs: action.nowMs });
    case 'trace':
      return still({ ...state, trace: [...action.lines, ...state.trace].slice(0, TRACE_MAX), traceFailure: '' });
    case 'trace-failed':
      return still({ ...state, traceFailure: action.failure });
    case 'heal':
      return still({ ...state, heals: withHeal(state.heals, action.job) });
  }
}

const still = (state: State): Step => ({ state, effects: [] });

function withHeal(heals: readonly HealJob[], job: HealJob): HealJob[] {
  const known = heals.findIndex(({ target, startedMs }) => target === job.target && startedMs === job.startedMs);
  const all = known < 0 ? [...heals, job] : heals.map((other, index) => (index === known ? job : other));
  const ended = all.filter(({ end }) => end !== undefined);
  const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - HEALS_MAX)));
  return all.filter((other) => !forgotten.has(other));
}

export function runningHeals({ heals }: Pick<State, 'heals'>): HealJob[] {
  return heals.filter(({ end }) => end === undefined);
}

function onKey(state: State, key: string): Step {
  if (key === 'ctrl-c') return { state, effects: [{ kind: 'quit', isInterrupted: true }] };
  if (state.question !== undefined) return onAnswer(state, key);
  if (state.typing !== undefined) return still(onTyping(state, state.typing, key));
  if (state.view === 'help') return key === 'q' ? askToQuit(state) : still({ ...state, view: 'panels' });
  switch (key) {
    case 'q':
      return askToQuit(state);
    case '?':
      return { state: { ...state, view: 'help' }, effects: traceEffect(state, 'help') };
    case 't':
      return toggleTrace(state);
    case 'h':
      return still(askToHeal(state));
    case '/':
      return still(startTyping(state));
    case 'escape':
      return onEscape(state);
    case 'tab':
    case 'shift-tab':
      return still(state.view === 'trace' ? state : { ...state, panel: nextPanel(state.panel, key === 'tab' ? 1 : -1) });
    case 'enter':
      return still(state.view === 'trace' ? state : { ...state, isZoomed: !state.isZoomed });
    default:
      return still(onMove(state, key));
  }
}

function onAnswer(state: State, key: string): Step {
  const { question } = state;
  const closed = { ...state, question: undefined };
  if (key !== 'y' && key !== 'Y') return still(closed);
  if (question?.kind === 'heal') return { state: closed, effects: [{ kind: 'heal', target: question.target }] };
  return { state: closed, effects: [{ kind: 'quit', isInterrupted: false }] };
}

function askToQuit(state: State): Step {
  if (runningHeals(state).length > 0) return still({ ...state, question: { kind: 'quit' } });
  return { state, effects: [{ kind: 'quit', isInterrupted: false }] };
}

function askToHeal(state: State): State {
  const target = healTarget(state);
  if (target === undefined) return { ...state, notice: 'Choose a drive, a set or a bucket first: tab goes to the next panel.' };
  const running = runningHeals(state).find((job) => job.target.path === target.path || job.target.path === '' || target.path === '');
  if (running !== undefined) return { ...state, notice: `The heal of ${running.target.label} is running; wait for its end.` };
  return { ...state, question: { kind: 'heal', target } };
}

function toggleTrace(state: State): Step {
  const view = state.view === 'trace' ? 'panels' : 'trace';
  return { state: { ...state, view, ...(view === 'trace' && { trace: [], traceFailure: '' }) }, effects: [{ kind: 'trace', isOn: view === 'trace' }] };
}

/** A trace costs the server: it ends with the view that shows it. */
function traceEffect({ view }: State, next: State['view']): Effect[] {
  return view === 'trace' && next !== 'trace' ? [{ kind: 'trace', isOn: false }] : [];
}

function onEscape(state: State): Step {
  const list = listOf(state);
  if (list !== undefined && state.filters[list] !== '') return still(withFilter(state, list, ''));
  if (state.view === 'trace') return toggleTrace(state);
  return still({ ...state, isZoomed: false });
}

function startTyping(state: State): State {
  const list = listOf(state);
  return list === undefined ? { ...state, notice: 'There is nothing to filter in this panel: tab goes to the next.' } : { ...state, typing: list };
}

function onTyping(state: State, list: ListName, key: string): State {
  if (key === 'enter' || key === 'tab') return { ...state, typing: undefined };
  if (key === 'escape') return { ...withFilter(state, list, ''), typing: undefined };
  const text = state.filters[list];
  if (key === 'backspace') return withFilter(state, list, [...text].slice(0, -1).join(''));
  return [...key].length === 1 ? withFilter(state, list, text + key) : state;
}

function withFilter(state: State, list: ListName, filter: string): State {
  return { ...state, filters: { ...state.filters, [list]: filter } };
}

/** Where keys lead from the chosen line and column. */
const MOVES: Readonly<Record<string, (page: number) => { readonly lines?: number; readonly cells?: number }>> = {
  down: () => ({ lines: 1 }), j: () => ({ lines: 1 }),
  up: () => ({ lines: -1 }), k: () => ({ lines: -1 }),
  right: () => ({ cells: 1 }), l: () => ({ cells: 1 }), w: () => ({ cells: 1 }),
  left: () => ({ cells: -1 }), b: () => ({ cells: -1 }),
  g: () => ({ lines: -Infinity }), home: () => ({ lines: -Infinity }),
  G: () => ({ lines: Infinity }), end: () => ({ lines: Infinity }),
  'ctrl-d': (page) => ({ lines: page }), 'page-down': (page) => ({ lines: page }),
  'ctrl-u': (page) => ({ lines: -page }), 'page-up': (page) => ({ lines: -page }),
};

function onMove(state: State, key: string): State {
  const list = listOf(state);
  const move = MOVES[key];
  if (list === undefined || move === undefined) return state;
  const chosen = chosenId(list, state);
  if (chosen === undefined) return state;
  const height = list === 'trace' ? bodyHeight(state) : placeOf(list, state).height;
  const { lines = 0, cells = 0 } = move(Math.max(1, Math.floor(height / 2)));
  const byLine = list === 'drives' ? driveIdLines(state) : idsOf(list, state).map((id) => [id]);
  const next = cells === 0 ? movedByLines(byLine, chosen, lines) : movedByCells(byLine.flat(), chosen, cells);
  return { ...state, chosen: { ...state.chosen, [list]: next } };
}

function movedByLines(lines: readonly (readonly string[])[], chosen: string, by: number): string {
  const at = lines.findIndex((ids) => ids.includes(chosen));
  const column = lines[at]?.indexOf(chosen) ?? 0;
  const ids = lines[clamp(at + by, lines.length)] ?? [];
  return ids[Math.min(column, ids.length - 1)] ?? chosen;
}

function movedByCells(ids: readonly string[], chosen: string, by: number): string {
  return ids[clamp(ids.indexOf(chosen) + by, ids.length)] ?? chosen;
}

const clamp = (index: number, count: number): number => Math.max(0, Math.min(index, count - 1));
