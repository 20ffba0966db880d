/**
 * `npm run bench`: the kernel, the server, healing and the command line, each beside what bounds it, in one run. Figures swing with the
 * machine: read the ratios. MTS_BENCH_SECONDS sets how long each load runs (5).
 */
import { run as benchHeal } from './heal.js';
import { run as benchKernel } from './kernel.js';
import { run as benchPeer } from './peer.js';
import { run as benchServer, type ServerRow } from './server.js';
import { run as benchStartUp } from './start-up.js';

const durationMs = Number(process.env['MTS_BENCH_SECONDS'] ?? 5) * 1000;
const sections = process.argv.slice(2);
const wants = (section: string): boolean => sections.length === 0 || sections.includes(section);

function rate(sizeBytes: number, bytesPerSecond: number, opsPerSecond: number): string {
  return sizeBytes >= 1024 * 1024 ? `${(bytesPerSecond / 1024 / 1024).toFixed(0)} MiB/s` : `${opsPerSecond.toFixed(0)}/s`;
}

function printServerRow({ load, result, floor }: ServerRow): void {
  const name = `${load.op} ${load.sizeBytes >= 1024 * 1024 ? `${load.sizeBytes / 1024 / 1024} MiB` : `${load.sizeBytes / 1024} KiB`} x${load.concurrency}`;
  const cells = result.rows.map(
    (row) =>
      `${row.endpoint} ${rate(load.op === 'put' || load.op === 'get' ? load.sizeBytes : 0, row.bytesPerSecond, row.opsPerSecond)} (p50 ${row.p50Ms.toFixed(1)} ms, p99 ${row.p99Ms.toFixed(1)} ms${row.errors > 0 ? `, ${row.errors} errors: ${row.firstError}` : ''})`,
  );
  if (result.ratio !== undefined) cells.push(`ratio ${result.ratio.toFixed(2)}`);
  if (floor) cells.push(`${floor.what} ${rate(load.sizeBytes, floor.bytesPerSecond, floor.opsPerSecond)}`);
  console.log(`${name.padEnd(18)} ${cells.join('  |  ')}`);
}

if (wants('kernel')) benchKernel();
if (wants('peer')) await benchPeer(durationMs);
if (wants('server')) {
  const { peakMb } = await benchServer(durationMs, printServerRow);
  console.log(`peak memory of the server: ${peakMb} MB`);
}
if (wants('heal')) {
  await benchHeal(({ name, bytesPerSecond, objectsPerSecond, rawBytesPerSecond, rawObjectsPerSecond }) => {
    const figures = (bytes: number, objects: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB/s ${objects.toFixed(0)} objects/s`;
    console.log(`${name.padEnd(20)} ${figures(bytesPerSecond, objectsPerSecond)}  |  raw copy ${figures(rawBytesPerSecond, rawObjectsPerSecond)}  |  ratio ${(bytesPerSecond / rawBytesPerSecond).toFixed(2)}`);
  });
}
if (wants('start-up')) benchStartUp();
