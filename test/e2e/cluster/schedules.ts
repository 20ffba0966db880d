/**
 * Many fault schedules on real processes by hand: `npx tsx test/e2e/cluster/schedules.ts FIRST COUNT`, after `npm run build`. Says
 * which seeds fail and why, and a summary.
 */
import { TestCluster } from './harness.js';
import { runSchedule } from './schedule.js';

/** A cluster lives through so many; then its drives are thrown away. */
const PER_CLUSTER = 10;

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const startedMs = Date.now();
const totals = new Map<string, number>();
const failed: number[] = [];
let cluster: TestCluster | undefined;
for (let seed = first; seed < first + count; seed++) {
  if ((seed - first) % PER_CLUSTER === 0) await renew();
  try {
    const { findings, counts } = await runSchedule(cluster!, seed);
    for (const [name, times] of counts) totals.set(name, (totals.get(name) ?? 0) + times);
    if (findings.length === 0) continue;
    console.log(`seed ${seed}:\n${findings.join('\n')}\n${saidBy(cluster!)}\n`);
  } catch (error) {
    console.log(`seed ${seed}: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  }
  failed.push(seed);
  await renew();
}
await cluster?.[Symbol.asyncDispose]();
console.log([...totals].sort().map(([name, times]) => `${name}: ${times}`).join(', '));
console.log(`${count} schedules, ${failed.length} failed (${failed.join(' ')}); ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
process.exit(failed.length === 0 ? 0 : 1);

/** Refusals are what schedules are about. */
function saidBy({ output }: TestCluster): string {
  return output.split('\n').filter((line) => !line.includes('SlowDown')).join('\n');
}

async function renew(): Promise<void> {
  await cluster?.[Symbol.asyncDispose]();
  cluster = await TestCluster.start({ nodes: 3, drivesPerNode: 2 });
  await Promise.all(cluster.nodes.map((node) => node.seesOthers()));
}
