/** A store's operations over drives in temporary folders, each of which can be told to misbehave. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock, systemRandom, type Log } from '../../src/base/index.js';
import { LocalLocker, type Deployment } from '../../src/cluster/index.js';
import { LocalDrive, type Drive } from '../../src/drive/index.js';
import type { StoreContext } from '../../src/store/context.js';
import { DriveLanes } from '../../src/store/drive-lanes.js';
import { openObject } from '../../src/store/get.js';
import { Latency } from '../../src/store/latency.js';
import { putObject } from '../../src/store/put.js';
import type { Body, ByteRange, JudgeBody, ObjectInfo, PutOptions } from '../../src/store/types.js';
import { NaughtyDrive } from '../doubles/naughty-drive.js';
import { FreshDeployment, poolOf } from './deployment.js';

export const BUCKET = 'bucket';
export const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

export const judgeByMd5: JudgeBody = (digests) => ({ etag: hex(digests.get('md5')) });

/** Bytes that differ everywhere, so that a misplaced block shows. */
export function content(size: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 2_654_435_761) >>> 0;
  for (let i = 0; i < words.length; i++) words[i] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Buffer.from(words.buffer, 0, size);
}

/** A body in chunks of a size; `declared` is what the client said its length is. */
export function body(bytes: Uint8Array, options: { readonly chunk?: number; readonly declared?: number | 'unknown' } = {}): Body {
  const { chunk = 64 * 1024, declared = bytes.length } = options;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; at += chunk) {
      await Promise.resolve();
      yield bytes.subarray(at, at + chunk);
    }
  }
  return { size: declared === 'unknown' ? undefined : declared, stream: chunks(), digests: ['md5'] };
}

export function contextOver(deployment: Deployment, log: Partial<Log> = {}): StoreContext {
  return {
    deployment,
    locker: new LocalLocker(),
    clock: new SystemClock(),
    random: systemRandom,
    log: { info: () => {}, warn: () => {}, error: () => {}, ...log },
    lanes: new DriveLanes(),
    metaLatency: new Latency(),
    dataLatency: new Latency(),
    notices: { damaged: () => {} },
  };
}

/** One set of fresh drives with a bucket. */
export class Life implements AsyncDisposable {
  readonly #fresh: FreshDeployment;
  readonly paths: readonly string[];
  drives: readonly LocalDrive[];
  naughty: NaughtyDrive[] = [];
  readonly warnings: string[] = [];
  context: StoreContext;

  private constructor(driveCount: number) {
    this.#fresh = new FreshDeployment(driveCount, (drive) => this.#wrap(drive));
    this.paths = this.#fresh.paths;
    this.drives = this.#fresh.drives;
    this.context = this.#contextOver(this.#fresh.deployment);
  }

  static async begin(driveCount: number): Promise<Life> {
    const life = new Life(driveCount);
    await Promise.all(life.drives.map((drive) => drive.makeVolume(BUCKET)));
    return life;
  }

  /** As after a restart: new threads, and nothing is remembered but what is on the drives. */
  async restart(): Promise<void> {
    await this.idle();
    await Promise.all(this.drives.map((drive) => drive.close()));
    this.naughty = [];
    this.drives = this.paths.map((path) => new LocalDrive(path));
    const { id } = this.#fresh.deployment;
    this.context = this.#contextOver({ id, pools: [poolOf([this.drives.map((drive) => this.#wrap(drive))], id)] });
  }

  #wrap(drive: Drive): NaughtyDrive {
    const naughty = new NaughtyDrive(drive);
    this.naughty.push(naughty);
    return naughty;
  }

  #contextOver(deployment: Deployment): StoreContext {
    return contextOver(deployment, { warn: (message) => this.warnings.push(message) });
  }

  put(key: string, bytes: Uint8Array, options: Partial<PutOptions> = {}): Promise<ObjectInfo> {
    return putObject(this.context, BUCKET, key, body(bytes), { versioning: 'unversioned', metaUser: new Map(), judge: judgeByMd5, ...options });
  }

  async get(key: string, options: { readonly versionId?: string; readonly range?: ByteRange } = {}): Promise<Buffer> {
    return readAll(this.context, BUCKET, key, options);
  }

  /** Waits until no drive is busy with a change any more. */
  async idle(): Promise<void> {
    for (const pool of this.context.deployment.pools) for (const set of pool.sets) await this.context.lanes.idle(set.drives);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const drive of this.naughty) drive.behave();
    await this.idle();
    await Promise.all(this.drives.map((drive) => drive.close()));
    await this.#fresh[Symbol.asyncDispose]();
  }
}

export async function readAll(
  context: StoreContext,
  bucket: string,
  key: string,
  { versionId, range }: { readonly versionId?: string | undefined; readonly range?: ByteRange } = {},
): Promise<Buffer> {
  const opened = await openObject(context, bucket, key, versionId === undefined ? {} : { versionId });
  const chunks: Buffer[] = [];
  for await (const chunk of opened.read(range)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Entries of the drives' work areas: nothing may be left there. */
export function litter(life: Life): string[] {
  return life.paths.flatMap((path) => readdirSync(join(path, '.minio.sys/tmp')).filter((name) => name !== '.trash').map((name) => join(path, name)));
}
