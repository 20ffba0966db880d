/**
 * Many simulations by hand: `npx tsx test/simulation/run.ts FIRST COUNT`. Says which seeds fail and why, and a summary. With one
 * seed it prints the life's last events too.
 */
import { simulate } from './simulation.js';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const startedMs = Date.now();
const totals = new Map<string, number>();
const failed: number[] = [];
let events = 0;
let virtualMs = 0;
for (let seed = first; seed < first + count; seed++) {
  const outcome = await simulate(seed, { linesMax: count === 1 ? 100_000 : 0 });
  if (count === 1) console.log(outcome.lines.join('\n'));
  for (const [name, times] of [...outcome.counts, ...[...outcome.faults].map(([kind, times]) => [`fault ${kind}`, times] as const)]) totals.set(name, (totals.get(name) ?? 0) + times);
  events += outcome.events;
  virtualMs += outcome.virtualMs;
  if (outcome.findings.length === 0) continue;
  failed.push(seed);
  console.log(`seed ${seed}:\n${outcome.findings.join('\n')}\n`);
}
const tookS = ((Date.now() - startedMs) / 1000).toFixed(0);
console.log([...totals].sort().map(([name, times]) => `${name}: ${times}`).join(', '));
console.log(`${count} seeds, ${failed.length} failed (${failed.join(' ')}); ${events} events in ${(virtualMs / 60_000).toFixed(0)} simulated minutes, ${tookS} s`);
process.exit(failed.length === 0 ? 0 : 1);
