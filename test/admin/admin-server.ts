/** A server with an admin door for one test file, and signed requests to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { startServer, type RunningServer } from '../../src/server/index.js';
import { S3Connection } from '../../src/client/s3-connection.js';
import { readText } from '../../src/client/body.js';

export interface AdminFixture {
  readonly server: RunningServer;
  /** Folders of the drives. */
  readonly drives: readonly string[];
  /** A signed request to `/minio/admin/v3/<path>`; the parsed JSON of the answer. Throws S3Errors. */
  call(method: 'GET' | 'POST' | 'PUT', path: string, query?: Record<string, string>, body?: unknown): Promise<unknown>;
  /** The bytes of an answer to a GET. */
  bytes(path: string, query: Record<string, string>): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openAdmin(driveCount = 4): Promise<AdminFixture> {
  const root = await mkdtemp(join(tmpdir(), 'mts-admin-'));
  const drives = Array.from({ length: driveCount }, (_, index) => join(root, `drive${index + 1}`));
  const server = await startServer({ drives });
  const alias = { name: 'x', url: server.url, accessKey: server.accessKey, secretKey: server.secretKey, api: 's3v4', path: 'auto', source: '' } as const;
  const connection = new S3Connection(alias);
  return {
    server,
    drives,
    async call(method, path, query = {}, body) {
      const answer = await connection.request({
        method, plainPath: `/minio/admin/v3/${path}`, query, attempts: 1,
        ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
      });
      return JSON.parse(await readText(answer.body)) as unknown;
    },
    async bytes(path, query) {
      return buffer((await connection.request({ method: 'GET', plainPath: `/minio/admin/v3/${path}`, query, attempts: 1 })).body);
    },
    async close() {
      connection.transport.close();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
