import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { emptyDrive, unpackFixture } from '../fixtures/fixture.js';
import { formatFile } from '../offline/rebuild-harness.js';
import { runMts } from './mts.js';

const MTS = join(import.meta.dirname, '../../bin/run.js');

/** Runs mts on a terminal. Each answer is typed when its question has appeared after the last one. */
async function onTerminal(words: readonly string[], answers: readonly (readonly [question: RegExp, keys: string])[]): Promise<{ readonly code: number | null; readonly screen: string }> {
  const command = [process.execPath, MTS, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), TERM: 'xterm', NO_COLOR: '1', MTS_CONFIG_DIR: join(tmpdir(), 'mts-test-no-config') },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen = 0;
  const left = [...answers];
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    const [next] = left;
    if (next === undefined || !next[0].test(screen.slice(seen))) return;
    left.shift();
    seen = screen.length;
    child.stdin.write(next[1]);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, screen };
}

describe('format rebuild with two free slots', () => {
  let root: string;
  let drives: readonly string[];
  let identity: string;
  let words: readonly string[];
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'mts-test-rebuild-command-'));
    ({ drives } = unpackFixture('2025-xl4', root));
    identity = readFileSync(formatFile(drives[2]!)).toString();
    for (const drive of [drives[1]!, drives[2]!]) emptyDrive(drive);
    words = ['format', 'rebuild', drives[2]!, '--from', drives[0]!, '--from', drives[3]!];
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('names --slot where nobody can be asked', async () => {
    const { code, stderr } = await runMts(words, {});
    expect([code, stderr]).toEqual([1, expect.stringMatching(/any of 2 drives.*1\/1\/2 \(.*1\/1\/3 \(.*--slot 1\/1\/2/s)]);
    expect(existsSync(formatFile(drives[2]!))).toBe(false);
  });

  it('asks on a terminal, shows what follows from the answer, and asks before it writes', async () => {
    const down = '\u001b[B';
    const { code, screen } = await onTerminal(words, [[/Which drive was .*1\/1\/2.*1\/1\/3/s, down], [/1\/1\/3/, '\r'], [/Write this identity\?/, 'y\r']]);
    expect(code, screen).toBe(0);
    expect(screen).toContain('you named it');
    expect(readFileSync(formatFile(drives[2]!)).toString()).toBe(identity);
  });
});
