/** How long commands take to start, as a multiple of `node -e 0` in the same run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MTS = join(import.meta.dirname, '../bin/run.js');
const ROUNDS = 15;

function medianMs(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    execFileSync(process.execPath, args, { env, stdio: 'ignore' });
    return performance.now() - startedMs;
  }).sort((a, b) => a - b);
  return times[Math.floor(ROUNDS / 2)] ?? 0;
}

export function run(): void {
  const home = mkdtempSync(join(tmpdir(), 'mts-bench-home-'));
  const env = { ...process.env, HOME: home };
  const base = medianMs(['-e', '0'], env);
  console.log(`node -e 0: ${base.toFixed(0)} ms`);
  for (const args of [['--version'], ['alias', 'list'], ['ls', home]]) {
    const ms = medianMs([MTS, ...args], env);
    console.log(`mts ${args[0]}: ${ms.toFixed(0)} ms, ${(ms / base).toFixed(2)} x`);
  }
  rmSync(home, { recursive: true });
}
