/** Every pattern in which drives of a set can be away, as far as the parity goes and one drive further, in sets of every usual size. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SystemClock, isStorageError, silentLog, systemRandom } from '../../src/base/index.js';
import { LocalLocker, defaultParity } from '../../src/cluster/index.js';
import { LocalDrive } from '../../src/drive/index.js';
import { createStore, type Store } from '../../src/store/index.js';
import { NaughtyDrive } from '../doubles/naughty-drive.js';
import { startInSameThread } from '../doubles/same-thread.js';
import { poolOf } from './deployment.js';
import { body, content, judgeByMd5 } from './life.js';

const BUCKET = 'bucket';
/** Smallest size of a part that is not the last. */
const PART = 5 * 1024 * 1024;
const ANSWER_MS = 10_000;

interface Stored {
  readonly key: string;
  readonly versionId?: string;
  readonly sha256: string;
}

interface SetUnderTest {
  readonly drives: readonly NaughtyDrive[];
  readonly store: Store;
  /** Cheap to read. */
  readonly small: readonly Stored[];
  /** Of several stripes and parts. */
  readonly large: readonly Stored[];
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** All choices of `count` of `size` slots. */
function* choices(size: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  for (let slot = from; count > 0 && slot <= size - count; slot++) {
    for (const rest of choices(size, count - 1, slot + 1)) yield [slot, ...rest];
  }
}

async function fill(store: Store): Promise<Pick<SetUnderTest, 'small' | 'large'>> {
  const put = async (key: string, bytes: Buffer, versioning: 'unversioned' | 'enabled' = 'unversioned'): Promise<Stored> => {
    const { versionId } = await store.put(BUCKET, key, body(bytes), { versioning, metaUser: new Map(), judge: judgeByMd5 });
    return { key, sha256: sha256(bytes), ...(versioning === 'enabled' && { versionId }) };
  };
  const small = [
    await put('inline', content(900, 1)),
    await put('block', content(300_000, 2)),
    await put('versions', content(1200, 3), 'enabled'),
    await put('versions', content(280_000, 4), 'enabled'),
  ];
  await store.delete(BUCKET, 'versions', { versioning: 'enabled' });
  small.push(await put('versions', content(1300, 5), 'enabled'));
  const blocks = await put('blocks', content(2_600_000, 6));
  const { uploadId } = await store.createUpload(BUCKET, 'parts', { versioning: 'unversioned', metaUser: new Map() });
  const bodies = [content(PART, 7), content(70_000, 8)];
  const parts: { readonly number: number; readonly etag: string }[] = [];
  for (const [index, bytes] of bodies.entries()) {
    const { etag } = await store.putPart(BUCKET, 'parts', uploadId, index + 1, body(bytes), { judge: judgeByMd5 });
    parts.push({ number: index + 1, etag });
  }
  await store.completeUpload(BUCKET, 'parts', uploadId, parts, { judge: () => ({ etag: 'd41d8cd98f00b204e9800998ecf8427e-2' }) });
  await store.idle();
  return { small, large: [blocks, { key: 'parts', sha256: sha256(Buffer.concat(bodies)) }] };
}

async function sha256Of(store: Store, { key, versionId }: Stored): Promise<string> {
  const opened = await store.open(BUCKET, key, versionId === undefined ? {} : { versionId });
  const hash = createHash('sha256');
  for await (const chunk of opened.read()) hash.update(chunk);
  return hash.digest('hex');
}

/** What is wrong with what is given out of these objects; empty where all is right. */
async function wrongs(store: Store, stored: readonly Stored[], withLists: boolean): Promise<string[]> {
  const found = await Promise.all(
    stored.map(async (one) => {
      const given = await sha256Of(store, one).catch((error: unknown) => String(error));
      return given === one.sha256 ? [] : [`${one.key} ${one.versionId ?? ''}: ${given}`];
    }),
  );
  const listed = withLists ? await listing(store) : WHOLE;
  return [...found.flat(), ...(listed === WHOLE ? [] : [listed])];
}

const WHOLE = 'block,blocks,inline,parts,versions and object,delete-marker,object,object';

async function listing(store: Store): Promise<string> {
  const { objects } = await store.list(BUCKET, { prefix: '', delimiter: '', after: '', limit: 1000 });
  const { versions } = await store.listVersions(BUCKET, { prefix: 'versions', delimiter: '', after: '', limit: 1000 });
  return `${objects.map(({ key }) => key).join()} and ${versions.map(({ kind }) => kind).join()}`;
}

/** What is not refused as something that cannot be told now; empty where all is. */
async function unclear(store: Store, stored: readonly Stored[], withLists: boolean): Promise<string[]> {
  const found = await Promise.all(
    stored.map((one) =>
      sha256Of(store, one).then(
        (given) => [`${one.key}: ${given}`],
        (error: unknown) => (isStorageError(error, 'read-quorum') ? [] : [`${one.key}: ${String(error)}`]),
      ),
    ),
  );
  if (!withLists) return found.flat();
  // In large sets, those that are left still know all names: a list is whole or refused.
  const listed = await listing(store).catch((error: unknown) => (isStorageError(error, 'read-quorum') ? WHOLE : String(error)));
  return [...found.flat(), ...(listed === WHOLE ? [] : [listed])];
}

describe.each([4, 6, 8, 12, 16])('a set of %i drives', (size) => {
  const parity = defaultParity(size);
  const root = mkdtempSync(join(tmpdir(), 'mts-test-loss-'));
  let set: SetUnderTest;

  beforeAll(async () => {
    const paths = Array.from({ length: size }, (_, index) => join(root, `d${index + 1}`));
    for (const path of paths) mkdirSync(join(path, '.minio.sys', 'tmp'), { recursive: true });
    const drives = paths.map((path) => new NaughtyDrive(new LocalDrive(path, { startThread: startInSameThread })));
    const id = '7d3f4c63-373a-4d1b-a89c-e7e930f93cfc';
    const deployment = { id, pools: [poolOf([drives], id)] };
    expect(deployment.pools[0]!.sets[0]!.defaultParity).toBe(parity);
    const store = createStore({ deployment, locker: new LocalLocker(), clock: new SystemClock(), random: systemRandom, log: silentLog });
    await store.makeBucket(BUCKET, {});
    set = { drives, store, ...(await fill(store)) };
  });
  afterAll(async () => {
    await set.store.healing.close();
    await Promise.all(set.drives.map((drive) => drive.close()));
    rmSync(root, { recursive: true });
  });

  const without = async <T>(slots: readonly number[], work: () => Promise<T>): Promise<T> => {
    for (const slot of slots) {
      set.drives[slot]!.pretend('offline');
      set.drives[slot]!.misbehave('every', { fail: 'drive-not-found' });
    }
    try {
      return await work();
    } finally {
      for (const slot of slots) set.drives[slot]!.behave();
    }
  };

  /** With the nth of the many patterns of a large set, in which neighbours differ in one drive, some objects are looked at in turn. */
  const turn = (nth: number): { readonly stored: readonly Stored[]; readonly withLists: boolean } => {
    const { small, large } = set;
    if (size <= 8) return { stored: [...small, ...large], withLists: true };
    const some = [0, 2].map((step) => small[(nth + step) % small.length]!);
    return { stored: [...some, ...(nth % 20 === 0 ? large : [])], withLists: nth % 3 === 0 };
  };

  it(`gives everything right without any ${parity} or fewer of them`, async () => {
    let count = 0;
    for (let away = 0; away <= parity; away++) {
      for (const slots of choices(size, away)) {
        const { stored, withLists } = turn(count++);
        expect(await without(slots, () => wrongs(set.store, stored, withLists)), `without ${slots.join()}`).toEqual([]);
      }
    }
    expect(count).toBe({ 4: 11, 6: 42, 8: 163, 12: 794, 16: 2517 }[size]);
  });

  it(`refuses everything without one more, as what cannot be told now, and gives it when one is back`, async () => {
    let count = 0;
    for (const slots of choices(size, parity + 1)) {
      const startedMs = performance.now();
      const { stored, withLists } = turn(count++);
      expect(await without(slots, () => unclear(set.store, stored, withLists)), `without ${slots.join()}`).toEqual([]);
      expect(performance.now() - startedMs).toBeLessThan(ANSWER_MS);
      if (count % 20 === 0) expect(await without(slots.slice(1), () => wrongs(set.store, stored, true)), `without ${slots.slice(1).join()}`).toEqual([]);
    }
    expect(count).toBe({ 4: 4, 6: 15, 8: 56, 12: 792, 16: 4368 }[size]);
    expect(await wrongs(set.store, [...set.small, ...set.large], true)).toEqual([]);
  });
});
