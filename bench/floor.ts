/**
 * What the disk and the kernel give without any server: the floor that the server's figures are read against.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fdatasync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer, request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

export interface FloorRow {
  readonly what: string;
  readonly bytesPerSecond: number;
  readonly opsPerSecond: number;
}

/**
 * Writes what a PUT of `sizeBytes` leaves on four drives at 2+2 (half the bytes on each), each file synced, with as many
 * objects in flight as the load has.
 */
export async function rawWrites(folder: string, sizeBytes: number, concurrency: number, durationMs: number): Promise<FloorRow> {
  const shard = randomBytes(Math.ceil(sizeBytes / 2));
  const drives = [1, 2, 3, 4].map((n) => join(folder, `raw-${n}`));
  for (const drive of drives) mkdirSync(drive, { recursive: true });
  let count = 0;
  const startedMs = performance.now();
  const writer = async (): Promise<void> => {
    while (performance.now() - startedMs < durationMs) {
      const name = String(count++);
      await Promise.all(
        drives.map(async (drive) => {
          const file = openSync(join(drive, name), 'wx');
          writeSync(file, shard);
          await sync(file);
          closeSync(file);
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, writer));
  const seconds = (performance.now() - startedMs) / 1000;
  for (const drive of drives) rmSync(drive, { recursive: true });
  return { what: 'raw write + fdatasync', bytesPerSecond: (count * sizeBytes) / seconds, opsPerSecond: count / seconds };
}

/** Serves one file of `sizeBytes` over loopback HTTP from memory read anew each time, with nothing checked. */
export async function staticReads(folder: string, sizeBytes: number, concurrency: number, durationMs: number): Promise<FloorRow> {
  const path = join(folder, `static-${createHash('md5').update(String(sizeBytes)).digest('hex')}`);
  const file = openSync(path, 'w');
  writeSync(file, randomBytes(sizeBytes));
  closeSync(file);
  const server = createServer((_, response) => response.end(readFileSync(path)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  let count = 0;
  const startedMs = performance.now();
  const get = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent }, (response) => {
        response.on('end', resolve);
        response.on('error', reject);
        response.resume();
      })
        .on('error', reject)
        .end();
    });
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() - startedMs < durationMs) {
        await get();
        count++;
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  agent.destroy();
  server.close();
  rmSync(path);
  return { what: 'static read over HTTP', bytesPerSecond: (count * sizeBytes) / seconds, opsPerSecond: count / seconds };
}
