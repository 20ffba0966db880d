/** The command as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MTS = join(import.meta.dirname, '../../bin/run.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The objects of --json. */
  readonly objects: readonly Record<string, unknown>[];
}

export function spawnMts(words: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [MTS, ...words], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), MTS_CONFIG_DIR: join(tmpdir(), 'mts-test-no-config'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function runMts(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawnMts(words, environment);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = stdout.split('\n').filter((line) => line.startsWith('{') || line.startsWith('['));
  return { code, stdout, stderr, objects: words.includes('--json') ? lines.map((line) => JSON.parse(line) as Record<string, unknown>) : [] };
}
