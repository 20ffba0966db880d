/** Clients of the simulated cluster: each asks any node for this and that, one thing after another, and keeps a record. */
import { createHash } from 'node:crypto';

import { isStorageError, StorageError } from '../../src/base/index.js';
import type { Body, JudgeBody, PutOptions, Store } from '../../src/store/index.js';
import type { Cluster } from './cluster.js';
import type { Effect, History } from './history.js';
import type { NodeProcess } from './node.js';

/** Size of an object: inline, in part files, of several stripes, empty. */
const SIZES = [0, 11, 3000, 70_000, 300_000, 600_000, 1_300_000] as const;
const SIZE_WEIGHTS = { 0: 1, 1: 6, 2: 6, 3: 4, 4: 3, 5: 2, 6: 1 };
const ANSWER_LIMIT_MS = 90_000;

export interface Workload {
  readonly clients: number;
  readonly untilMs: number;
  readonly keys: readonly string[];
  readonly thinkMs: number;
}

export interface BucketUnderTest {
  readonly name: string;
  readonly keepsOlder: boolean;
}

/** What became of a request. `lost`: the process that was asked ended, or gave no answer in time. */
export type Reply<T> = { readonly value: T } | { readonly error: unknown } | 'lost';

export class Clients {
  /** Bytes by etag, of all that was ever sent. */
  readonly contents = new Map<string, Uint8Array>();
  /** Answers that are wrong whatever the order: bytes that nobody wrote, and errors that must not be. */
  readonly wrongs: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #waiting = new Map<object, { readonly process: NodeProcess; readonly lose: () => void }>();
  /** Version ids that puts were answered with. */
  readonly #versions = new Map<string, { readonly versionId: string; readonly value: string }[]>();
  #running = 0;
  #lastNumber = 0;

  constructor(
    readonly cluster: Cluster,
    readonly history: History,
    readonly buckets: readonly BucketUnderTest[],
  ) {
    cluster.onEnd = (process) => {
      for (const [id, waiting] of this.#waiting) {
        if (waiting.process !== process) continue;
        this.#waiting.delete(id);
        waiting.lose();
      }
    };
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  start(workload: Workload): void {
    for (let number = 0; number < workload.clients; number++) {
      this.#running++;
      void this.#run(workload).finally(() => this.#running--);
    }
  }

  /** Makes a request of a process. It goes on in no process's life. */
  ask<T>(process: NodeProcess, work: (store: Store) => Promise<T>): Promise<Reply<T>> {
    const { world } = this.cluster;
    const id = {};
    return new Promise((resolve) => {
      const answer = (reply: Reply<T>): void => {
        limit.cancel();
        this.#waiting.delete(id);
        world.schedule(world.chance.between(0.1, 1), 'a client hears', () => resolve(reply), 'nobody');
      };
      const limit = world.schedule(ANSWER_LIMIT_MS, 'a client gives up', () => answer('lost'), 'nobody');
      if (process.life.isDead) return answer('lost');
      this.#waiting.set(id, { process, lose: () => answer('lost') });
      world.schedule(world.chance.between(0.1, 1), 'a client asks', () => {
        const { store } = process;
        if (store === undefined) return answer({ error: new Error('not serving') });
        work(store).then(
          (value) => answer({ value }),
          (error: unknown) => answer({ error }),
        );
      }, process.life);
    });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.cluster.world.schedule(ms, 'a client wakes', resolve, 'nobody'));
  }

  async #run({ untilMs, keys, thinkMs }: Workload): Promise<void> {
    const { world } = this.cluster;
    const { chance } = world;
    while (world.nowMs < untilMs) {
      await this.sleep(chance.between(0, 2 * thinkMs));
      const { serving } = this.cluster;
      if (serving.length === 0) {
        await this.sleep(200);
        continue;
      }
      const process = chance.pick(serving);
      const bucket = chance.pick(this.buckets);
      const key = chance.pick(keys);
      const what = chance.weighted({ put: 30, get: 30, stat: 5, remove: 12, list: 6, ifAbsent: 6, multipart: 6, old: bucket.keepsOlder ? 8 : 0, oldRemove: bucket.keepsOlder ? 4 : 0, retag: 3 });
      switch (what) {
        case 'put':
          await this.put(process, bucket, key);
          break;
        case 'ifAbsent':
          await this.put(process, bucket, key, true);
          break;
        case 'get':
          await this.get(process, bucket, key);
          break;
        case 'stat':
          await this.#read(process, bucket, key, async (store) => (await store.stat(bucket.name, key, {})).metaUser.get('etag') ?? '');
          break;
        case 'remove':
          await this.#remove(process, bucket, key);
          break;
        case 'list':
          await this.list(process, bucket, keys);
          break;
        case 'multipart':
          await this.#multipart(process, bucket, key);
          break;
        case 'old':
          await this.#old(process, bucket, key, false);
          break;
        case 'oldRemove':
          await this.#old(process, bucket, key, true);
          break;
        case 'retag':
          await this.#retag(process, bucket, key);
          break;
      }
    }
  }

  async put(process: NodeProcess, bucket: BucketUnderTest, key: string, ifAbsent = false): Promise<boolean> {
    const { bytes, etag } = this.#content();
    const { keepsOlder } = bucket;
    const effect: Effect = ifAbsent ? { kind: 'put-if-absent', value: etag, keepsOlder, isDone: true } : { kind: 'put', value: etag, keepsOlder };
    const refused: Effect | undefined = ifAbsent ? { kind: 'put-if-absent', value: etag, keepsOlder, isDone: false } : undefined;
    const reply = await this.#change(process, bucket, key, effect, async (store) => {
      const info = await store.put(bucket.name, key, body(bytes), await putOptions(store, bucket, etag, ifAbsent));
      return info.versionId;
    }, refused);
    if (reply !== undefined && keepsOlder) this.#remember(bucket, key, reply, etag);
    return reply !== undefined;
  }

  async get(process: NodeProcess, bucket: BucketUnderTest, key: string): Promise<void> {
    await this.#read(process, bucket, key, (store) => this.#bytesOf(store, bucket, key, {}));
  }

  /** Each key of a listing was read at some time between its start and its end. */
  async list(process: NodeProcess, bucket: BucketUnderTest, keys: readonly string[]): Promise<boolean> {
    const { world } = this.cluster;
    const startMs = world.nowMs;
    const reply = await this.ask(process, async (store) => {
      const found = new Map<string, string>();
      for (let after = ''; ; ) {
        const page = await store.list(bucket.name, { prefix: '', delimiter: '', after, limit: 3 });
        for (const { key, metaUser } of page.objects) {
          if (found.has(key)) throw new Error(`a listing has ${key} twice`);
          found.set(key, metaUser.get('etag') ?? '');
        }
        if (!page.isTruncated || page.next === undefined) return found;
        after = page.next;
      }
    });
    this.#count('list', reply);
    if (reply === 'lost') return false;
    if ('error' in reply) {
      this.#judge('list', bucket.name, reply.error, process);
      return false;
    }
    for (const key of keys) {
      this.history.add({ key: `${bucket.name}/${key}`, effect: { kind: 'read', value: reply.value.get(key) }, startMs, endMs: world.nowMs, through: `${process.life.name} list` });
    }
    for (const key of reply.value.keys()) if (!keys.includes(key)) this.wrongs.push(`a listing of ${bucket.name} holds ${key}, which nobody wrote`);
    return true;
  }

  async #remove(process: NodeProcess, bucket: BucketUnderTest, key: string): Promise<void> {
    const effect: Effect = { kind: 'delete', keepsOlder: bucket.keepsOlder, marker: `!${++this.#lastNumber}` };
    await this.#change(process, bucket, key, effect, async (store) => {
      await store.delete(bucket.name, key, { versioning: bucket.keepsOlder ? 'enabled' : 'unversioned' });
      return '';
    });
  }

  async #multipart(process: NodeProcess, bucket: BucketUnderTest, key: string): Promise<void> {
    const { bytes, etag } = this.#content();
    const versioning = bucket.keepsOlder ? 'enabled' : 'unversioned';
    const begun = await this.ask(process, (store) => store.createUpload(bucket.name, key, { versioning, metaUser: new Map() }));
    if (begun === 'lost' || 'error' in begun) return;
    const { uploadId } = begun.value;
    const other = (): NodeProcess => (this.cluster.serving.length > 0 ? this.cluster.world.chance.pick(this.cluster.serving) : process);
    const part = await this.ask(other(), (store) => store.putPart(bucket.name, key, uploadId, 1, body(bytes), { judge: () => ({ etag }) }));
    if (part === 'lost' || 'error' in part) return;
    const effect: Effect = { kind: 'put', value: etag, keepsOlder: bucket.keepsOlder };
    const versionId = await this.#change(other(), bucket, key, effect, async (store) => (await store.completeUpload(bucket.name, key, uploadId, [{ number: 1, etag }], { judge: () => ({ etag }) })).versionId);
    if (versionId !== undefined && bucket.keepsOlder) this.#remember(bucket, key, versionId, etag);
  }

  /** A version that was acknowledged stays readable until somebody removes it. */
  async #old(process: NodeProcess, bucket: BucketUnderTest, key: string, removes: boolean): Promise<void> {
    const known = this.#versions.get(`${bucket.name}/${key}`) ?? [];
    if (known.length === 0) return;
    const { versionId, value } = this.cluster.world.chance.pick(known);
    if (removes) {
      await this.#change(process, bucket, key, { kind: 'remove-version', value }, async (store) => {
        await store.delete(bucket.name, key, { versioning: 'enabled', versionId });
        return '';
      });
      return;
    }
    await this.#read(process, bucket, key, (store) => this.#bytesOf(store, bucket, key, { versionId }), value);
  }

  /** Changes metadata, which must leave the bytes as they are. */
  async #retag(process: NodeProcess, bucket: BucketUnderTest, key: string): Promise<void> {
    const tag = String(++this.#lastNumber);
    const reply = await this.ask(process, (store) => store.updateMetadata(bucket.name, key, {}, ({ metaUser, metaSys }) => ({ metaUser: new Map([...metaUser, ['tag', tag]]), metaSys })));
    this.#count('retag', reply);
    if (reply !== 'lost' && 'error' in reply) this.#judge('retag', `${bucket.name}/${key}`, reply.error, process);
  }

  /** Gives what the work gave, undefined where the outcome is open or it was refused. */
  async #change(process: NodeProcess, bucket: BucketUnderTest, key: string, effect: Effect, work: (store: Store) => Promise<string>, refused?: Effect): Promise<string | undefined> {
    const { world } = this.cluster;
    const name = `${bucket.name}/${key}`;
    const startMs = world.nowMs;
    const through = process.life.name;
    const reply = await this.ask(process, work);
    this.#count(effect.kind, reply);
    const endMs = world.nowMs;
    if (reply !== 'lost' && 'value' in reply) {
      this.history.add({ key: name, effect, startMs, endMs, through });
      world.note(`${effect.kind} of ${name} is acknowledged through ${through}: ${'value' in effect ? effect.value : ''}`);
      return reply.value;
    }
    if (reply !== 'lost' && refused !== undefined && isStorageError(reply.error, 'precondition-failed')) {
      this.history.add({ key: name, effect: refused, startMs, endMs, through });
      return undefined;
    }
    this.history.add({ key: name, effect, startMs, endMs: Infinity, openMs: endMs, through });
    if (reply !== 'lost') this.#judge(effect.kind, name, reply.error, process);
    world.note(`${effect.kind} of ${name} through ${through} is open: ${reply === 'lost' ? 'lost' : String(reply.error)}`);
    return undefined;
  }

  /** `version`: the value of the version that was asked for; else the latest was. */
  async #read(process: NodeProcess, bucket: BucketUnderTest, key: string, work: (store: Store) => Promise<string>, version?: string): Promise<void> {
    const { world } = this.cluster;
    const name = `${bucket.name}/${key}`;
    const startMs = world.nowMs;
    const reply = await this.ask(process, work);
    this.#count('read', reply);
    if (reply === 'lost') return;
    const common = { key: name, startMs, endMs: world.nowMs, through: process.life.name };
    if ('value' in reply) {
      if (version !== undefined && reply.value !== version) this.wrongs.push(`${name}: asked for the version ${version}, got ${reply.value}`);
      this.history.add({ ...common, effect: version === undefined ? { kind: 'read', value: reply.value } : { kind: 'read-version', value: version, isThere: true } });
    } else if (isStorageError(reply.error, 'object-not-found', 'delete-marker', 'version-not-found')) {
      this.history.add({ ...common, effect: version === undefined ? { kind: 'read', value: undefined } : { kind: 'read-version', value: version, isThere: false } });
      world.note(`${name} is not there through ${process.life.name}`);
    } else this.#judge('read', name, reply.error, process);
  }

  /** Errors that a client may get while things are broken; any other is a mistake of the server's. */
  #judge(what: string, name: string, error: unknown, process: NodeProcess): void {
    if (error instanceof Error && error.message === 'not serving') return;
    if (isStorageError(error, 'read-quorum', 'write-quorum', 'timed-out', 'aborted', 'storage-full', 'upload-not-found', 'part-invalid')) return;
    if (what === 'retag' && isStorageError(error, 'object-not-found', 'delete-marker')) return;
    this.wrongs.push(`${what} of ${name} through ${process.life.name} at ${this.cluster.world.nowMs.toFixed(0)} ms failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  }

  async #bytesOf(store: Store, bucket: BucketUnderTest, key: string, which: { readonly versionId?: string }): Promise<string> {
    const opened = await store.open(bucket.name, key, which);
    const etag = opened.info.metaUser.get('etag') ?? '';
    const wanted = this.contents.get(etag);
    const whole = opened.info.size;
    const range = this.cluster.world.chance.is(0.3) && whole > 2 ? { start: Math.floor(whole / 3), length: Math.floor(whole / 2) } : undefined;
    const hash = createHash('md5');
    let size = 0;
    try {
      for await (const chunk of opened.read(range)) {
        hash.update(chunk);
        size += chunk.length;
      }
    } finally {
      opened.close();
    }
    const expected = wanted === undefined ? undefined : md5(range === undefined ? wanted : wanted.subarray(range.start, range.start + range.length));
    if (hash.digest('hex') !== expected) this.wrongs.push(`${bucket.name}/${key}: ${size} bytes that nobody wrote, etag ${etag}`);
    return etag;
  }

  #remember(bucket: BucketUnderTest, key: string, versionId: string, value: string): void {
    const name = `${bucket.name}/${key}`;
    this.#versions.set(name, [...(this.#versions.get(name) ?? []), { versionId, value }]);
  }

  #content(): { readonly bytes: Uint8Array; readonly etag: string } {
    const { chance } = this.cluster.world;
    const size = SIZES[Number(chance.weighted(SIZE_WEIGHTS))]!;
    const number = ++this.#lastNumber;
    const bytes = new Uint8Array(size);
    let state = (number * 2_654_435_761) >>> 0;
    const words = new Uint32Array(bytes.buffer, 0, size >> 2);
    for (let i = 0; i < words.length; i++) words[i] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // An empty object is as unique as any other in what it is called.
    const etag = size === 0 ? `empty-${number}` : md5(bytes);
    this.contents.set(etag, bytes);
    return { bytes, etag };
  }

  #count(what: string, reply: Reply<unknown>): void {
    const name = `${what} ${reply === 'lost' ? 'lost' : 'value' in reply ? 'ok' : 'failed'}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function body(bytes: Uint8Array): Body {
  // eslint-disable-next-line @typescript-eslint/require-await -- a body is an async iterable
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024);
  }
  // The etag is known already; digests of large bodies would be computed in threads, which have a time of their own.
  return { size: bytes.length, stream: chunks(), digests: [] };
}

async function putOptions(store: Store, bucket: BucketUnderTest, etag: string, ifAbsent: boolean): Promise<PutOptions> {
  const { versioning } = await store.bucketSettings(bucket.name);
  if ((versioning === 'enabled') !== bucket.keepsOlder) throw new Error(`the bucket ${bucket.name} is ${versioning}`);
  const judge: JudgeBody = () => ({ etag });
  return { versioning, metaUser: new Map(), judge, ...(ifAbsent && { precondition: refuseIfThere }) };
}

function refuseIfThere(current: unknown): void {
  if (current !== undefined) throw new StorageError('precondition-failed', 'There is an object already');
}
