import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { HealResultItem, TraceLine } from '../../src/client/admin/types.js';
import { infoText } from '../../src/view/admin-info.js';
import { backgroundHealText, healColour, healDrivesLine, healItemLine, healProgressLine, healSummary, healSummaryObject, HealTally } from '../../src/view/heal.js';
import { clusterState } from '../../src/client/admin/cluster-state.js';
import { scrapeYaml } from '../../src/view/prometheus.js';
import { logText } from '../../src/view/server-log.js';
import { formatCallTime, formatRemaining, formatRoughDuration } from '../../src/view/short-time.js';
import { loadPalette } from '../../src/view/terminal.js';
import { traceObject, traceText, traceVerboseText } from '../../src/view/trace.js';
import { cluster, NOW_MS } from '../client/admin/answers.js';

const paint = await loadPalette(false);

describe('admin info', () => {
  it('looks as mc shows it', async () => {
    const text = await infoText(cluster({ 1: { state: 'faulty' } }, [3]).info, { onlyOffline: false, paint });
    expect(text.split('\n').slice(0, 9)).toEqual([
      '●  m1:9000', '   Uptime: 1 hour', '   Version: 2025-10-15T17:29:55Z', '   Drives: 1/2 OK', '   Pool: 1', '   ✖ http://m1:9000/export2: faulty', '', '●  m2:9000', '   Uptime: 1 hour',
    ]);
    expect(text).toContain('●  m3:9000\n   Uptime: offline\n');
    expect(text).toContain('│ 1st  │ 25.0% (total: 2.9 KiB) │ 6                   │ 1            │');
    expect(text.endsWith('\n\n19 MiB Used, 3 Buckets, 7 Objects\n6 drives online, 0 drives offline, EC:3')).toBe(true);
  });

  it('may leave out what is online', async () => {
    const text = await infoText(cluster({}, [3]).info, { onlyOffline: true, paint });
    expect(text).toBe('●  m3:9000\n   Uptime: offline\n\n6 drives online, 0 drives offline, EC:3');
  });
});

const item = (before: readonly string[], after: readonly string[], more: Partial<HealResultItem> = {}): HealResultItem => {
  const side = (states: readonly string[]) => ({ drives: states.map((state, index) => ({ uuid: '', endpoint: `/d${index + 1}`, state })) });
  return { resultId: 1, type: 'object', bucket: 'photos', object: 'cat.jpg', versionId: 'null', dataBlocks: 2, parityBlocks: 2, objectSize: 1024, before: side(before), after: side(after), ...more };
};
const OK = ['ok', 'ok', 'ok', 'ok'];

describe('a heal', () => {
  it.each([
    [OK, 'green'], [['ok', 'missing', 'ok', 'ok'], 'yellow'], [['ok', 'missing', 'corrupt', 'ok'], 'yellow'], [['ok', 'missing', 'missing', 'offline'], 'red'], [[], 'grey'],
  ] as const)('paints an object of 2+2 drives %j %s', (states, colour) => {
    expect(healColour(item(states, []), states.map((state) => ({ state })))).toBe(colour);
  });

  it('shows what each item was and became', () => {
    expect(healItemLine(item(['ok', 'missing', 'ok', 'ok'], OK), paint)).toBe('[Yellow -> Green] photos/cat.jpg');
    const lost = item(['ok', 'missing', 'missing', 'missing'], ['ok', 'missing', 'missing', 'missing'], { detail: 'too few drives have it', versionId: 'v1', mts: { outcome: 'dangling' } });
    expect(healItemLine(lost, paint)).toBe('[Red -> Red] photos/cat.jpg (v1): dangling: too few drives have it');
  });

  it('counts, goes on in one line, and sums up by drive', () => {
    const tally = new HealTally();
    tally.add(item(OK, OK));
    tally.add(item(['ok', 'missing', 'ok', 'ok'], OK));
    tally.add(item(['ok', 'missing', 'missing', 'missing'], ['ok', 'missing', 'missing', 'missing'], { detail: 'lost', mts: { outcome: 'failed' } }));
    const facts = { elapsedMs: 10_000, bytesPerSecond: 307, objectsTotal: 12, width: 120, frame: 1 };
    expect(healProgressLine(tally, facts)).toBe('◓ 3 objects (25%), 3.0 KiB looked at; 1 healed, 1 failed; 307 B/s, 30s left; photos/cat.jpg');
    for (const width of [40, 80]) expect(stringWidth(healProgressLine(tally, { ...facts, width }))).toBeLessThan(width);
    expect(healDrivesLine(tally, paint)).toBe('  drives ●✖✖✖');
    expect(healSummary(tally, { durationMs: 61_000, isDryRun: false, detail: '', paint }).split('\n')).toEqual([
      'Healed:\t1/3 objects; 1.0 KiB in 1m 1s', 'Failed:\t1 item', '  ✖ /d2: 2 items missing or damaged, 1 still', '  ✖ /d3: 1 item missing or damaged, 1 still', '  ✖ /d4: 1 item missing or damaged, 1 still',
    ]);
    expect(healSummaryObject(tally, 1, '')).toMatchObject({ status: 'error', type: 'summary', objects_scanned: 3, objects_healed: 1, items_failed: 1, size: 3072, duration: 1_000_000 });
  });

  it('does not say of drives that they lack what was put into the quarantine', () => {
    const tally = new HealTally();
    tally.add(item(['ok', 'missing', 'missing', 'missing'], ['ok', 'missing', 'missing', 'missing'], { detail: 'too few', mts: { outcome: 'quarantined' } }));
    expect(healSummary(tally, { durationMs: 1000, isDryRun: false, detail: '', paint }).split('\n')).toEqual(['Healed:\t0/1 object; 0 B in 1s', 'In quarantine:\t1 version; see `mts admin quarantine list`']);
  });

  it('of drives, by itself, is shown drive by drive', () => {
    const heal_info = { started: '2026-05-04T11:59:00Z', objects_total_size: 6000, items_healed: 40, bytes_done: 1500, current_bucket: 'photos', current_object: 'cat.jpg' };
    const state = clusterState({ ...cluster({ 2: { healing: true, heal_info } }), nowMs: NOW_MS });
    expect(backgroundHealText(state, { itemsHealed: 2, bytesHealed: 100 }, paint).split('\n')).toEqual([
      'Healing 1 drive:', '  ◐ http://m2:9000/export1 (pool 1, set 1): 25.0%', '    40 versions, 1.5 KiB healed; 25 B/s; 3m 0s left', '    at photos/cat.jpg', 'Healed in passing since the start: 2 versions, 100 B',
    ]);
  });
});

describe('a trace', () => {
  const line: TraceLine = {
    type: 4, nodename: 'm1:9000', funcname: 's3.HeadBucket', time: '2026-05-04T12:00:00.626Z', path: '/b1/', dur: 191_000, bytes: 77,
    http: { request: { time: '2026-05-04T12:00:00.626Z', proto: 'HTTP/1.1', method: 'HEAD', path: '/b1/', client: '127.0.0.1', headers: { Host: ['m1:9000'] } }, response: { time: '2026-05-04T12:00:00.627Z', headers: {}, statuscode: 404 }, stats: { inputbytes: 77, outputbytes: 0, latency: 191_000, timetofirstbyte: 168_735 } },
  };

  it('is a line for each request', () => {
    expect(traceText(line, paint)).toMatch(/^2026-05-04T\d\d:\d\d:00\.626 \[404 Not Found\] s3\.HeadBucket m1:9000\/b1\/ 127\.0\.0\.1 {2}191µs {2}⇣ {2}169µs {2}↑ 77 B ↓ 0 B$/);
    expect(traceText({ type: 2, nodename: 'm1:9000', funcname: 'storage.ReadXL', time: line.time, path: '/d1 b/o', dur: 2_000_000, error: 'gone' }, paint)).toMatch(/ \[STORAGE\] storage\.ReadXL m1:9000 \/d1 b\/o 2\.0ms gone$/);
  });

  it('shows headers where that is asked for', () => {
    expect(traceVerboseText(line, paint).split('\n').slice(1, 4)).toEqual(['m1:9000 HEAD /b1/', 'm1:9000 Proto: HTTP/1.1', 'm1:9000 Host: m1:9000']);
  });

  it('has mc’s members as JSON', () => {
    expect(traceObject(line, false)).toEqual({
      status: 'success', host: 'm1:9000', time: line.time, client: '127.0.0.1', callStats: { rx: 77, tx: 0, duration: 191_000, timeToFirstByte: 168_735 }, duration: 191_000, timeToFirstByte: 168_735,
      api: 's3.HeadBucket', path: '/b1/', query: '', statusCode: 404, statusMsg: 'Not Found', type: 'S3', size: 77, error: '', extra: null,
    });
  });
});

it('a log shows messages in a line and failures in a block', () => {
  expect(logText({ node: 'm1:9000', ConsoleMsg: 'formatted pool 1\n' }, paint)).toBe('m1:9000 formatted pool 1');
  expect(logText({ level: 'ERROR', api: { name: 'SYSTEM.storage', args: {} }, error: { message: 'drive gone', source: ['file:1'], variables: { drive: '/d1' } } }, paint)).toBe('API: SYSTEM.storage\nError: drive gone\n  drive: /d1\n  1: file:1');
});

it('a scrape configuration names job, token and target', () => {
  expect(scrapeYaml({ kind: 'node', url: new URL('https://s3.example.org'), token: 't' }).split('\n')).toEqual([
    'scrape_configs:', '- job_name: minio-job-node', '  bearer_token: t', '  metrics_path: /minio/v2/metrics/node', '  scheme: https', '  static_configs:', "  - targets: ['s3.example.org']",
  ]);
});

it('durations are short', () => {
  expect([40_000, 3_700_000, 200_000_000].map(formatRoughDuration)).toEqual(['40 seconds', '1 hour', '2 days']);
  expect([900, 61_000, 3_660_000, 400_000_000].map(formatRemaining)).toEqual(['1s', '1m 1s', '1h 1m', '4d 15h']);
  expect([0.191, 2, 35, 1250].map(formatCallTime)).toEqual(['191µs', '2.0ms', '35ms', '1.25s']);
});
