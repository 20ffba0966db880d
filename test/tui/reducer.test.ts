import { describe, expect, it } from 'vitest';
import { frameOf } from '../../src/tui/frame.js';
import { plainText } from '../../src/tui/line.js';
import { chosenId } from '../../src/tui/lists.js';
import { reduce, type Effect } from '../../src/tui/reducer.js';
import type { HealJob, State } from '../../src/tui/state.js';
import { dashboard, NOW_MS, request, type Given } from './states.js';

/** A dashboard after some keys, and what they caused. */
function press(state: State, ...keys: readonly string[]): { readonly state: State; readonly effects: readonly Effect[] } {
  return keys.reduce<{ state: State; effects: readonly Effect[] }>((before, key) => {
    const { state: after, effects } = reduce(before.state, { kind: 'key', key });
    return { state: after, effects: [...before.effects, ...effects] };
  }, { state, effects: [] });
}
const after = (keys: readonly string[], given?: Given): State => press(dashboard(given), ...keys).state;
const textOf = (state: State): string => {
  const { header, columns, footer } = frameOf(state);
  return [header, ...columns.flat(), footer].flatMap(({ lines }) => lines.map(plainText)).join('\n');
};
const job = (more: Partial<HealJob> = {}): HealJob => ({
  target: { label: 'bucket photos', path: 'photos', objectsTotal: 400 }, startedMs: NOW_MS - 10_000, objects: 100, healed: 3, failed: 0, bytes: 10 * 1024 * 1024, current: 'photos/a', end: undefined, ...more,
});

describe('keys', () => {
  it('go from panel to panel and back', () => {
    expect(after(['tab']).panel).toBe('nodes');
    expect(after(['tab', 'tab', 'shift-tab']).panel).toBe('nodes');
    expect(after(['shift-tab']).panel).toBe('requests');
  });

  it('choose in lists, as arrows and as in vi, and stop at the ends', () => {
    expect(chosenId('drives', after(['down', 'j']))).toBe('drive 0 0 1');
    expect(chosenId('drives', after(['G']))).toBe('drive 0 0 5');
    expect(chosenId('drives', after(['G', 'down', 'k', 'g']))).toBe('set 0 0');
    expect(chosenId('drives', after(['up', 'left', 'b']))).toBe('set 0 0');
    expect(chosenId('nodes', after(['tab', 'ctrl-d']))).toBe('m3:9000');
  });

  it('move in the map by its lines and cells', () => {
    const state = dashboard();
    const [set] = state.value.cluster?.sets ?? [];
    const drives = Array.from({ length: 16 }, (_, slot) => ({ ...set!.drives[0]!, slot }));
    const many = { ...state, value: { ...state.value, cluster: { ...state.value.cluster!, sets: [{ ...set!, size: 16, drives }] } } };
    // Four drives in a line of 39 columns.
    expect(chosenId('drives', press(many, 'down', 'right', 'down').state)).toBe('drive 0 0 5');
    expect(chosenId('drives', press(many, 'down', 'down', 'w', 'up').state)).toBe('drive 0 0 1');
    expect(chosenId('drives', press(many, 'G', 'right', 'right', 'right', 'right').state)).toBe('drive 0 0 15');
  });

  it('keep what is chosen when the list changes around it', () => {
    const state = after(['tab', 'tab', 'down']);
    expect(chosenId('buckets', state)).toBe('logs');
    const grown = { ...state.value, buckets: [{ name: 'new', bytes: 9e9, objects: 1 }, ...state.value.buckets] };
    expect(chosenId('buckets', reduce(state, { kind: 'value', value: grown, nowMs: NOW_MS }).state)).toBe('logs');
    expect(chosenId('buckets', reduce(state, { kind: 'value', value: { ...grown, buckets: grown.buckets.slice(0, 1) }, nowMs: NOW_MS }).state)).toBe('new');
  });

  it('put a panel on the whole screen and back', () => {
    const zoomed = after(['tab', 'enter']);
    expect(textOf(zoomed)).toContain('▶ Nodes (3)');
    expect(textOf(zoomed)).not.toContain('Drives (6)');
    expect(textOf(press(zoomed, 'escape').state)).toContain('Drives (6)');
  });

  it('show the help and leave it', () => {
    const help = after(['?']);
    expect(textOf(help)).toMatch(/h +heal the chosen set/);
    expect(textOf(help)).toContain('X offline');
    expect(press(help, 'h').state).toMatchObject({ view: 'panels', question: undefined });
  });

  it('quit', () => {
    expect(press(dashboard(), 'q').effects).toEqual([{ kind: 'quit', isInterrupted: false }]);
    expect(press(after(['?']), 'ctrl-c').effects).toEqual([{ kind: 'quit', isInterrupted: true }]);
  });
});

describe('a filter', () => {
  it('shows what holds all its words, and everything again after esc', () => {
    const typed = after(['/', 'm', '1', ' ', 'x', 'backspace', 'O', 'N']);
    expect(textOf(typed)).toContain('Filter: m1 ON_');
    expect(textOf(typed)).toContain('Drives (2) /m1 ON');
    const kept = press(typed, 'enter').state;
    expect(kept.typing).toBeUndefined();
    expect(textOf(kept)).toContain('Drives (2) /m1 ON');
    expect(textOf(press(kept, 'escape').state)).toContain('Drives (6)');
    expect(textOf(press(typed, 'escape').state)).toContain('Drives (6)');
  });

  it('takes keys that mean something else for its text', () => {
    const { state, effects } = press(dashboard(), 'tab', 'tab', '/', 'q', 'h', '?', 't');
    expect(effects).toEqual([]);
    expect(state.filters.buckets).toBe('qh?t');
    expect(textOf(state)).toContain('Nothing matches the filter');
  });

  it('belongs to lists', () => {
    expect(after(['tab', 'tab', 'tab', '/'])).toMatchObject({ typing: undefined, notice: expect.stringContaining('nothing to filter') as string });
  });
});

describe('a heal', () => {
  it('is started only when its question is answered by y', () => {
    const asked = after(['tab', 'tab', 'down', 'h']);
    expect(textOf(asked)).toContain('Heal bucket logs of prod?');
    for (const key of ['n', 'enter', 'escape', 'h']) expect(press(asked, key)).toMatchObject({ effects: [], state: { question: undefined } });
    expect(press(asked, 'y').effects).toEqual([{ kind: 'heal', target: { label: 'bucket logs', path: 'logs', objectsTotal: 2 } }]);
  });

  it('of a drive is one of its set', () => {
    expect(press(dashboard(), 'h', 'y').effects).toEqual([{ kind: 'heal', target: { label: 'pool 1 set 1', path: '', pool: 0, set: 0, objectsTotal: 7 } }]);
    expect(press(dashboard(), 'down', 'down', 'h', 'y').effects).toMatchObject([{ target: { label: 'pool 1 set 1 with drive 2', path: '', pool: 0, set: 0 } }]);
  });

  it('needs something that can be healed', () => {
    expect(after(['tab', 'h'])).toMatchObject({ question: undefined, notice: expect.stringContaining('Choose a drive') as string });
    expect(after(['tab', 'h', 'j']).notice).toBe('');
  });

  it('shows its progress and time left, then its end', () => {
    const { target } = job();
    const running = reduce(dashboard({ columns: 160 }), { kind: 'heal', job: job({ target }) }).state;
    expect(textOf(running)).toContain('Healing bucket photos: 25% 30s left 1.0MiB/s, 100 objects, 3 healed');
    const done = reduce(running, { kind: 'heal', job: job({ target, objects: 400, failed: 1, end: { atMs: NOW_MS + 30_000, failure: '' } }) }).state;
    expect(done.heals).toHaveLength(1);
    expect(textOf(done)).toContain('Healed bucket photos: 400 objects, 3 healed, 1 failed in 40s');
  });

  it('that overlaps one that runs waits for it', () => {
    const running = reduce(dashboard(), { kind: 'heal', job: job() }).state;
    expect(press(running, 'h').state).toMatchObject({ question: undefined, notice: 'The heal of bucket photos is running; wait for its end.' });
    expect(press(running, 'tab', 'tab', 'down', 'h').state.question?.kind).toBe('heal');
  });

  it('that runs is not left behind without a question', () => {
    const { target } = job();
    const running = reduce(dashboard(), { kind: 'heal', job: job({ target }) }).state;
    const asked = press(running, 'q');
    expect(asked.effects).toEqual([]);
    expect(textOf(asked.state)).toContain('The heal of bucket photos stops when the dashboard is closed. Quit?');
    expect(press(asked.state, 'y').effects).toEqual([{ kind: 'quit', isInterrupted: false }]);
    const ended = reduce(running, { kind: 'heal', job: job({ target, end: { atMs: NOW_MS, failure: '' } }) }).state;
    expect(press(ended, 'q').effects).toEqual([{ kind: 'quit', isInterrupted: false }]);
  });
});

describe('a trace', () => {
  it('runs while it is shown', () => {
    expect(press(dashboard(), 't', 't').effects).toEqual([{ kind: 'trace', isOn: true }, { kind: 'trace', isOn: false }]);
    expect(press(dashboard(), 't', 'escape').effects.at(-1)).toEqual({ kind: 'trace', isOn: false });
    expect(press(dashboard(), 't', '?').effects.at(-1)).toEqual({ kind: 'trace', isOn: false });
  });

  it('shows requests, newest first, filtered', () => {
    const lines = [request({ api: 's3.PutObject', path: '/logs/new', status: 200 }), request({ path: '/photos/old', status: 200 })];
    const state = reduce(after(['t']), { kind: 'trace', lines }).state;
    expect(textOf(state)).toMatch(/PutObject \/logs\/new[^]*GetObject \/photos\/old/);
    expect(textOf(press(state, '/', 'p', 'u', 't', 'o', 'enter').state)).not.toContain('/photos/old');
  });

  it('says that it ended, until it goes on', () => {
    const ended = reduce(after(['t']), { kind: 'trace-failed', failure: 'connection reset by peer' }).state;
    expect(textOf(ended)).toContain('The trace ended: connection reset by peer. Trying again.');
    expect(textOf(reduce(ended, { kind: 'trace', lines: [request()] }).state)).not.toContain('The trace ended');
  });
});

describe('a change of size', () => {
  it('is drawn at once', () => {
    const { columns, rows } = reduce(dashboard(), { kind: 'size', columns: 200, rows: 60 }).state;
    expect({ columns, rows }).toEqual({ columns: 200, rows: 60 });
  });
});
