/** Clients of a cluster that is treated badly: each asks any node for this and that, one thing after another, and keeps a record. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';

import { History, type Effect } from '../../simulation/history.js';
import type { Chance } from '../../simulation/world.js';
import type { TestNode } from './harness.js';

/** Sizes of objects: inline, in part files, of several stripes. */
const SIZES = [11, 3000, 60_000, 300_000, 700_000, 1_500_000] as const;
/** What a client hears of a node that is killed, or that cannot be reached. */
const BROKEN = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'TimeoutError', 'aborted', 'socket hang up', 'NetworkingError']);

export interface BucketUnderTest {
  readonly name: string;
  readonly keepsOlder: boolean;
}

interface S3Error {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export class ScheduleClients {
  readonly history = new History();
  /** Bytes by etag, of all that was ever sent. */
  readonly contents = new Map<string, Uint8Array>();
  /** Answers that are wrong whatever the order: bytes that nobody wrote, and errors that must not be. */
  readonly wrongs: string[] = [];
  readonly counts = new Map<string, number>();
  /** Version ids that puts were answered with. */
  readonly #versions = new Map<string, { readonly versionId: string; readonly value: string }[]>();
  #lastNumber = 0;

  constructor(
    readonly nodes: readonly TestNode[],
    readonly buckets: readonly BucketUnderTest[],
    readonly keys: readonly string[],
    /** What contents are told from those of other schedules by. */
    readonly seed: number,
  ) {}

  /** One client, until the time (of `performance`) is over. All keys are read; those that are `changed` are. */
  async run(chance: Chance, { untilMs, changed }: { readonly untilMs: number; readonly changed: readonly string[] }): Promise<void> {
    while (performance.now() < untilMs) {
      await sleep(chance.between(0, 60));
      const node = chance.pick(this.nodes);
      const bucket = chance.pick(this.buckets);
      const key = chance.pick(changed);
      switch (chance.weighted({ put: 30, get: 30, remove: 12, list: 5, parts: 6, old: bucket.keepsOlder ? 8 : 0, oldRemove: bucket.keepsOlder ? 3 : 0 })) {
        case 'put':
          await this.put(node, bucket, key, chance.pick(SIZES));
          break;
        case 'get':
          await this.get(node, bucket, chance.pick(this.keys));
          break;
        case 'remove':
          await this.#remove(node, bucket, key);
          break;
        case 'list':
          await this.list(node, bucket);
          break;
        case 'parts':
          await this.putInParts(node, chance.pick(this.nodes), bucket, key, chance.pick(SIZES));
          break;
        case 'old':
        case 'oldRemove':
          await this.#old(node, bucket, key, chance);
          break;
      }
    }
  }

  /** True where it was acknowledged. */
  async put(node: TestNode, bucket: BucketUnderTest, key: string, size: number): Promise<boolean> {
    const { bytes, etag } = this.#content(size, (md5) => md5);
    return this.#change(node, bucket, key, { kind: 'put', value: etag, keepsOlder: bucket.keepsOlder }, async () => {
      const { VersionId } = await node.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: bytes }));
      this.#remember(bucket, key, VersionId, etag);
    });
  }

  /** In one part: what is of interest are its files, which lie elsewhere until it is completed. */
  async putInParts(node: TestNode, other: TestNode, bucket: BucketUnderTest, key: string, size: number): Promise<boolean> {
    const name = { Bucket: bucket.name, Key: key };
    const { bytes, etag } = this.#content(size, (md5) => `${createHash('md5').update(Buffer.from(md5, 'hex')).digest('hex')}-1`);
    let UploadId: string | undefined;
    let ETag: string | undefined;
    try {
      ({ UploadId } = await node.client.send(new CreateMultipartUploadCommand(name)));
      ({ ETag } = await other.client.send(new UploadPartCommand({ ...name, UploadId, PartNumber: 1, Body: bytes })));
    } catch (error) {
      this.#judge('part', `${bucket.name}/${key}`, error, ['NoSuchUpload']);
      return false;
    }
    return this.#change(other, bucket, key, { kind: 'put', value: etag, keepsOlder: bucket.keepsOlder }, async () => {
      const { VersionId } = await other.client.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
      this.#remember(bucket, key, VersionId, etag);
    }, ['NoSuchUpload', 'InvalidPart']);
  }

  /** True where it was answered. */
  get(node: TestNode, bucket: BucketUnderTest, key: string, versionId?: string): Promise<string | undefined | false> {
    return this.#read(node, bucket, key, async () => {
      const { Body, ETag = '' } = await node.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }));
      const etag = ETag.replaceAll('"', '');
      const bytes = await Body!.transformToByteArray();
      const wanted = this.contents.get(etag);
      if (wanted === undefined || Buffer.compare(bytes, wanted) !== 0) this.wrongs.push(`${bucket.name}/${key}: ${bytes.length} bytes that nobody wrote, etag ${etag}`);
      return etag;
    }, versionId === undefined ? undefined : { versionId });
  }

  /** Each key of a listing was read at some time between its start and its end. True where it was answered. */
  async list(node: TestNode, bucket: BucketUnderTest): Promise<boolean> {
    const startMs = performance.now();
    try {
      const { Contents = [] } = await node.client.send(new ListObjectsV2Command({ Bucket: bucket.name }));
      const endMs = performance.now();
      const found = new Map(Contents.map(({ Key = '', ETag = '' }) => [Key, ETag.replaceAll('"', '')]));
      for (const key of this.keys) this.history.add({ key: `${bucket.name}/${key}`, effect: { kind: 'read', value: found.get(key) }, startMs, endMs, through: `node ${node.machine} list` });
      this.#count('list ok');
      return true;
    } catch (error) {
      this.#judge('list', bucket.name, error);
      return false;
    }
  }

  async #remove(node: TestNode, bucket: BucketUnderTest, key: string): Promise<void> {
    const effect: Effect = { kind: 'delete', keepsOlder: bucket.keepsOlder, marker: `!${++this.#lastNumber}` };
    await this.#change(node, bucket, key, effect, () => node.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key })));
  }

  /** A version that was acknowledged stays readable until somebody removes it. */
  async #old(node: TestNode, bucket: BucketUnderTest, key: string, chance: Chance): Promise<void> {
    const known = this.#versions.get(`${bucket.name}/${key}`) ?? [];
    if (known.length === 0) return;
    const { versionId, value } = chance.pick(known);
    if (chance.is(0.3)) {
      await this.#change(node, bucket, key, { kind: 'remove-version', value }, () => node.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key, VersionId: versionId })));
      return;
    }
    const startMs = performance.now();
    const found = await this.get(node, bucket, key, versionId);
    if (found === false) return;
    if (found !== undefined && found !== value) this.wrongs.push(`${bucket.name}/${key}: asked for the version ${value}, got ${found}`);
    this.history.add({ key: `${bucket.name}/${key}`, effect: { kind: 'read-version', value, isThere: found !== undefined }, startMs, endMs: performance.now(), through: `node ${node.machine}` });
  }

  async #change(node: TestNode, bucket: BucketUnderTest, key: string, effect: Effect, work: () => Promise<unknown>, allowed: readonly string[] = []): Promise<boolean> {
    const startMs = performance.now();
    const common = { key: `${bucket.name}/${key}`, effect, startMs, through: `node ${node.machine}` };
    try {
      await work();
      this.history.add({ ...common, endMs: performance.now() });
      this.#count(`${effect.kind} ok`);
      return true;
    } catch (error) {
      this.history.add({ ...common, endMs: Infinity, openMs: performance.now() });
      this.#judge(effect.kind, common.key, error, allowed);
      return false;
    }
  }

  /** Gives the etag, undefined where there is no object, false where there was no answer. */
  async #read(node: TestNode, bucket: BucketUnderTest, key: string, work: () => Promise<string>, version?: { readonly versionId: string }): Promise<string | undefined | false> {
    const startMs = performance.now();
    const add = (value: string | undefined): void => {
      this.#count('get ok');
      if (version === undefined) this.history.add({ key: `${bucket.name}/${key}`, effect: { kind: 'read', value }, startMs, endMs: performance.now(), through: `node ${node.machine}` });
    };
    try {
      const value = await work();
      add(value);
      return value;
    } catch (error) {
      if ((error as S3Error).name === (version === undefined ? 'NoSuchKey' : 'NoSuchVersion')) {
        add(undefined);
        return undefined;
      }
      this.#judge('get', `${bucket.name}/${key}`, error);
      return false;
    }
  }

  /** Errors that a client may get while things are broken; any other is a mistake of the server's. */
  #judge(what: string, name: string, reason: unknown, allowed: readonly string[] = []): void {
    const error = reason as S3Error;
    const status = error.$metadata?.httpStatusCode;
    const words = [error.name, error.code, error.message].filter((word) => word !== undefined);
    const isBroken = (status === undefined || status === 200) && words.some((word) => BROKEN.has(word));
    this.#count(`${what} ${isBroken ? 'lost' : 'refused'}`);
    if (isBroken || status === 503 || allowed.includes(error.name ?? '')) return;
    this.wrongs.push(`${what} of ${name} failed: ${status ?? ''} ${words.join(' ')}`);
  }

  #remember(bucket: BucketUnderTest, key: string, versionId: string | undefined, value: string): void {
    if (versionId === undefined) return;
    const name = `${bucket.name}/${key}`;
    this.#versions.set(name, [...(this.#versions.get(name) ?? []), { versionId, value }]);
  }

  #content(size: number, etagOf: (md5: string) => string): { readonly bytes: Buffer; readonly etag: string } {
    const bytes = Buffer.alloc(size);
    bytes.write(`${this.seed} ${++this.#lastNumber}.`);
    for (let at = 16; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 17 + this.#lastNumber * 7) & 255;
    const etag = etagOf(createHash('md5').update(bytes).digest('hex'));
    this.contents.set(etag, bytes);
    return { bytes, etag };
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
