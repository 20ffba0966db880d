import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeVersion, parseXlMeta } from '../../src/format/index.js';
import { ACCESS_KEY, SECRET_KEY, ServerProcess, temporaryFolder } from './server-process.js';

const ROUNDS = Number(process.env['MTS_CRASH_ROUNDS'] ?? 50);
const WORKERS = 8;
const KEYS_PER_WORKER = 4;
const BUCKET = 'crash-test';

/** SHA-256 of a key's content; `absent` where there is no object. */
type Content = string;
const ABSENT: Content = 'absent';

const sha256 = (bytes: Uint8Array): Content => createHash('sha256').update(bytes).digest('hex');

/** What a key may hold: the last acknowledged content, and whatever an unanswered request may have made of it. */
class Ledger {
  readonly #possible = new Map<string, Set<Content>>();

  possible(key: string): ReadonlySet<Content> {
    return this.#possible.get(key) ?? new Set([ABSENT]);
  }

  /** Runs a change; until it is acknowledged both contents are possible. */
  async change(key: string, content: Content, request: () => Promise<unknown>): Promise<void> {
    this.#possible.set(key, new Set([...this.possible(key), content]));
    await request();
    this.#possible.set(key, new Set([content]));
  }

  settle(key: string, content: Content): void {
    this.#possible.set(key, new Set([content]));
  }

  keys(): string[] {
    return [...this.#possible.keys()];
  }
}

function clientOf(server: ServerProcess): S3Client {
  return new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  });
}

/** Puts, overwrites, deletes and uploads in parts until the server is gone. */
async function work(s3: S3Client, ledger: Ledger, worker: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const key = `w${worker}/folder/key-${Math.floor(Math.random() * KEYS_PER_WORKER)}`;
    const dice = Math.random();
    try {
      if (dice < 0.2) {
        await ledger.change(key, ABSENT, () => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key })));
      } else if (dice < 0.3) {
        await uploadInParts(s3, ledger, key);
      } else {
        const body = randomBytes(dice < 0.7 ? Math.floor(Math.random() * 60_000) : 300_000 + Math.floor(Math.random() * 3_000_000));
        await ledger.change(key, sha256(body), () => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body })));
      }
    } catch {
      if (!isOver()) await sleep(1);
    }
  }
}

async function uploadInParts(s3: S3Client, ledger: Ledger, key: string): Promise<void> {
  const pieces = [randomBytes(5 * 1024 * 1024), randomBytes(100_000)];
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key }));
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [i, Body] of pieces.entries()) {
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket: BUCKET, Key: key, UploadId, PartNumber: i + 1, Body }));
    parts.push({ PartNumber: i + 1, ETag });
  }
  await ledger.change(key, sha256(Buffer.concat(pieces)), () =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: key, UploadId, MultipartUpload: { Parts: parts } })),
  );
}

async function contentOf(s3: S3Client, key: string): Promise<Content> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return sha256(await Body!.transformToByteArray());
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return ABSENT;
    throw error;
  }
}

async function listedKeys(s3: S3Client): Promise<Set<string>> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return new Set(Contents.map(({ Key }) => Key!));
}

async function abortUploads(s3: S3Client): Promise<void> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  for (const { Key, UploadId } of Uploads) await s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }));
}

/** Files of a drive that no object, upload or setting accounts for. */
function litterOn(drive: string): string[] {
  const files = readdirSync(drive, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const referenced = new Set<string>();
  for (const entry of files) {
    if (entry.name !== 'xl.meta') continue;
    for (const version of parseXlMeta(readFileSync(join(entry.parentPath, entry.name))).versions) {
      const decoded = decodeVersion(version);
      if (decoded.kind === 'object') referenced.add(join(entry.parentPath, decoded.dataDir));
    }
  }
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => basename(path) !== 'xl.meta' && basename(path) !== 'format.json' && !referenced.has(dirname(path)))
    .map((path) => relative(drive, path))
    .filter((path) => dirname(path) !== '.minio.sys/mts/generation');
}

describe('kill -9 under load', () => {
  const folder = temporaryFolder('crash');
  afterAll(() => folder[Symbol.dispose]());

  it(
    `loses no acknowledged write, shows no partial one and leaves no litter in ${ROUNDS} crashes`,
    async () => {
      const drives = [1, 2, 3, 4].map((n) => join(folder.toString(), `d${n}`));
      await using server = await ServerProcess.start(drives);
      const ledger = new Ledger();
      await clientOf(server).send(new CreateBucketCommand({ Bucket: BUCKET }));

      for (let round = 0; round < ROUNDS; round++) {
        const s3 = clientOf(server);
        let isOver = false;
        const workers = Array.from({ length: WORKERS }, (_, worker) => work(s3, ledger, worker, () => isOver));
        await sleep(200 + Math.random() * 500);
        isOver = true;
        await server.end('SIGKILL');
        await Promise.all(workers);
        s3.destroy();
        await server.start();

        const reader = clientOf(server);
        const present = new Set<string>();
        for (const key of ledger.keys()) {
          const content = await contentOf(reader, key);
          expect([...ledger.possible(key)], `round ${round}: ${key}`).toContain(content);
          ledger.settle(key, content);
          if (content !== ABSENT) present.add(key);
        }
        expect(await listedKeys(reader), `round ${round}: listing`).toEqual(present);
        await abortUploads(reader);
        reader.destroy();
      }

      await server.end('SIGTERM');
      await server.start();
      await server.end('SIGTERM');
      for (const drive of drives) expect(litterOn(drive), drive).toEqual([]);
    },
    600_000,
  );
});
