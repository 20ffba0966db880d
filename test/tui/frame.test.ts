import { describe, expect, it } from 'vitest';
import { frameOf } from '../../src/tui/frame.js';
import { lineWidth, paintLine, plainText, type Line } from '../../src/tui/line.js';
import { reduce } from '../../src/tui/reducer.js';
import type { State } from '../../src/tui/state.js';
import { dashboard, NOW_MS, request, type Given } from './states.js';

/** The screen as lines, columns side by side. */
function linesOf(state: State): Line[] {
  const { header, columns, footer } = frameOf(state);
  const [left = [], right = []] = columns.map((panes) => panes.flatMap(({ lines }) => lines));
  const body = left.map((line, row): Line => (right.length === 0 ? line : [...line, { text: '  ', tone: 'plain' }, ...(right[row] ?? [])]));
  return [...header.lines, ...body, ...footer.lines];
}
const textOf = (given: Given = {}): string => linesOf(dashboard(given)).map(plainText).join('\n');
const healing = { healing: true, heal_info: { started: '2026-05-04T11:59:00Z', objects_total_size: 6000, items_healed: 40, bytes_done: 1500 } };

describe('the screen of a cluster', () => {
  it.each([[80, 24], [200, 60], [60, 18], [133, 41]])('fills %i columns and %i rows exactly, with all panels', (columns, rows) => {
    const lines = linesOf(dashboard({ columns, rows }));
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect(lineWidth(line)).toBe(columns);
    const text = lines.map(plainText).join('\n');
    for (const title of ['Drives (6)', 'Nodes (3)', 'Buckets (2)', 'Traffic', 'Healing', 'Errors and slow requests']) expect(text).toContain(title);
  });

  it('begins with the sentence that operators know, and what more the cluster survives', () => {
    expect(textOf()).toMatch(/^ mts prod {2}6 drives online, 0 drives offline, EC:3, healthy .*\nWrites survive 2 more drive failures, reads 3\. 19 MiB in 7 objects/);
    expect(textOf({ offlineNodes: [2] })).toMatch(/^ mts prod {2}4 drives online, 2 drives offline, EC:3, degraded/);
  });

  it('tells the state of each drive by a letter, its word and its colour', () => {
    const state = dashboard({ offlineNodes: [2], drives: { 1: healing } });
    const lines = linesOf(state);
    const text = lines.map(plainText);
    expect(text.find((line) => line.includes('m1:9000/export1'))).toContain('1 O online        25%');
    expect(text.find((line) => line.includes('m1:9000/export2'))).toContain('2 H healing 25%   25%');
    expect(text.find((line) => line.includes('m2:9000/export1'))).toContain('3 X offline');
    expect(text.find((line) => line.includes(' m2:9000 '))).toContain('X m2:9000 0/2 offline');
    expect(lines.map((line) => paintLine(line, true)).join('')).toContain('\u001b[31mX\u001b[39m');
    expect(lines.map((line) => paintLine(line, false)).join('')).not.toMatch(/\u001b\[3\dm/);  
  });

  it('shows how far a drive is healed and how long it will take', () => {
    expect(textOf({ columns: 120, drives: { 1: healing } })).toMatch(/H m1:9000\/export2 +██░░░░░░ 25% 3m 0s left/);
  });

  it('draws a map of many drives where lines for all of them do not fit', () => {
    const state = dashboard();
    const [set] = state.value.cluster?.sets ?? [];
    const drives = Array.from({ length: 16 }, (_, slot) => ({ ...set!.drives[0]!, slot, endpoint: `http://m${slot}:9000/d`, ...(slot === 5 && { state: 'offline' as const, usedBytes: undefined }) }));
    const many = { ...state, value: { ...state.value, cluster: { ...state.value.cluster!, sets: [{ ...set!, size: 16, drives }, { ...set!, set: 1, size: 16, drives }] } } };
    const text = linesOf(many).map(plainText).join('\n');
    expect(text).toContain('  5 O 25%  6 X     ');
    expect(text).toContain('Pool 1 set 2');
    expect(linesOf({ ...many, columns: 200, rows: 60 }).map(plainText).join('\n')).toContain('16 O online      ███░░░░░░░  25%');
  });

  it('shows traffic as curves, with blanks where nothing was asked', () => {
    const text = textOf();
    expect(text).toMatch(/Traffic \(3 in flight\)/);
    expect(text).toMatch(/requests +40\/s +▃▅█/);
    expect(text).toMatch(/bytes in +40KiB\/s +▃▅█/);
    expect(text).toMatch(/p99 +- /);
  });

  it('lists buckets by size and when they were counted', () => {
    expect(textOf()).toMatch(/Buckets \(2\), counted 1 minute ago/);
    expect(textOf()).toMatch(/ photos +2\.9MiB +5 obj +████████/);
  });

  it('lists errors and slow requests, one that is both once', () => {
    const slow = request({ path: '/photos/big', status: 200, durationMs: 2500, atMs: NOW_MS - 1000 });
    const text = textOf({ columns: 120, value: { errors: [request({ status: 503, durationMs: 900 }), request()], slow: [request({ status: 503, durationMs: 900 }), slow] } });
    expect(text).toContain('Errors and slow requests (3)');
    expect(text).toMatch(/503 +900ms GetObject \/photos\/cat\.jpg/);
    expect(text).toMatch(/200 +2\.50s GetObject \/photos\/big/);
  });

  it('says what the scanner does and what was healed in passing', () => {
    expect(textOf({ columns: 120 })).toContain('Scanner: cycle 5, 300 seen, 20 checked, in photos');
    expect(textOf({ value: { scanner: { isRunning: false, cycle: 4, finishedMs: NOW_MS - 5000 } } })).toContain('Scanner: idle, 4 cycles done, 5 secon');
    expect(textOf({ value: { scanner: undefined } })).toContain('Scanner: the server does not say');
    expect(textOf()).toContain('In passing: 12 versions, 3.0MiB');
  });

  it('says that a server is lost, why, and of when the rest is', () => {
    const lost = { ...dashboard({ value: { failure: 'Get "http://m1:9000/minio/admin/v3/info?metrics=false": connection refused' } }), nowMs: NOW_MS + 12_000 };
    const [first, second] = linesOf(lost).map(plainText);
    expect(first).toContain('SERVER LOST 12 seconds ago');
    expect(second).toMatch(/^http:\/\/m1:9000: connection refused\. Trying again; shown is \d\d:\d\d:\d\d\./);
  });

  it('shows all that is known of what is chosen below the panels', () => {
    const state = reduce(reduce(dashboard({ drives: { 0: { mts: { remark: 'the folder is read-only' } } } }), { kind: 'key', key: 'down' }).state, { kind: 'key', key: 'x' }).state;
    expect(plainText(linesOf(state)[22] ?? [])).toMatch(/^http:\/\/m1:9000\/export1: online; the folder is read-only; 250 B of 1000 B; /);
  });

  it('says how large a terminal it needs in one that is too small', () => {
    expect(plainText(linesOf(dashboard({ columns: 59, rows: 30 }))[0] ?? [])).toMatch(/^59x30 is too small: 60x18 is needed/);
  });
});
