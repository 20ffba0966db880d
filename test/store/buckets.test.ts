import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock, silentLog, systemRandom, type Log, type StorageError } from '../../src/base/index.js';
import { LocalLocker } from '../../src/cluster/index.js';
import { createStore } from '../../src/store/index.js';
import { NaughtyDrive } from '../doubles/naughty-drive.js';
import { FreshDeployment } from './deployment.js';
import { body, content, judgeByMd5 } from './life.js';

const UNVERSIONED = { versioning: 'unversioned', metaUser: new Map<string, string>(), judge: judgeByMd5 } as const;

function storeOver(fresh: FreshDeployment, warnings: string[] = []): ReturnType<typeof createStore> {
  const log: Log = { info: () => {}, warn: (message) => warnings.push(message), error: () => {} };
  return createStore({ deployment: fresh.deployment, locker: new LocalLocker(), clock: new SystemClock(), random: systemRandom, log });
}

describe('removing a bucket', () => {
  it('waits for what its removed objects leave drives to do after the answer', async () => {
    const slow: NaughtyDrive[] = [];
    await using fresh = new FreshDeployment(4, (drive) => {
      const naughty = new NaughtyDrive(drive);
      slow.push(naughty);
      return naughty;
    });
    const warnings: string[] = [];
    const store = storeOver(fresh, warnings);
    await store.makeBucket('short-lived', {});
    await store.put('short-lived', 'large', body(content(2_000_000)), UNVERSIONED);
    await store.idle();
    for (const drive of slow.slice(0, 2)) drive.misbehave('settle', { delayMs: 300 });
    await store.delete('short-lived', 'large', { versioning: 'unversioned' });
    await store.deleteBucket('short-lived', { force: false });
    expect(warnings).toEqual([]);
    for (const path of fresh.paths) expect(existsSync(join(path, 'short-lived')), path).toBe(false);
  });

  it('refuses while it holds an object, and keeps it', async () => {
    await using fresh = new FreshDeployment(4);
    const store = storeOver(fresh);
    await store.makeBucket('kept', {});
    await store.put('kept', 'object', body(content(10)), UNVERSIONED);
    await expect(store.deleteBucket('kept', { force: false })).rejects.toMatchObject({ code: 'bucket-not-empty' });
    expect((await store.stat('kept', 'object', {})).size).toBe(10);
  });
});

describe('settings of a bucket', () => {
  it('survive a restart', async () => {
    await using fresh = new FreshDeployment(4);
    const store = storeOver(fresh);
    await store.makeBucket('settled', { versioning: 'enabled' });
    await store.updateBucket('settled', new Map([['TaggingConfigXML', Buffer.from('<Tagging/>')]]));
    const again = await storeOver(fresh).bucketSettings('settled');
    expect(again.versioning).toBe('enabled');
    expect(Buffer.from(again.documents.get('TaggingConfigXML') ?? []).toString()).toBe('<Tagging/>');
  });
});

describe('a bucket that some drives missed', () => {
  /** Made, or removed, while two of six drives were away. */
  async function missed(change: 'made' | 'removed') {
    const drives: NaughtyDrive[] = [];
    const fresh = new FreshDeployment(6, (drive) => drives[drives.push(new NaughtyDrive(drive)) - 1]!);
    const store = storeOver(fresh);
    const away = (...slots: number[]): void => drives.forEach((drive, slot) => (slots.includes(slot) ? drive.pretend('offline') : drive.behave()));
    if (change === 'removed') await store.makeBucket('bucket', {});
    away(4, 5);
    await (change === 'made' ? store.makeBucket('bucket', {}) : store.deleteBucket('bucket', { force: false }));
    return { away, other: storeOver(fresh), [Symbol.asyncDispose]: () => fresh[Symbol.asyncDispose]() };
  }

  /** What is said with these drives away; one drive's absence, and one that only a few can say, must never decide. */
  const said = async (store: ReturnType<typeof storeOver>): Promise<[string, string]> => {
    const codeOf = (error: unknown): string => (error as StorageError).code;
    const listed = await store.listBuckets().then((buckets) => buckets.map(({ name }) => name).join(), codeOf);
    return [listed, await store.bucketSettings('bucket').then(() => 'bucket', codeOf)];
  };

  it.each<[readonly number[], string]>([
    [[], 'bucket'],
    [[4, 5], 'bucket'],
    [[0], 'bucket'],
    [[0, 1], 'read-quorum'],
    [[0, 1, 2], 'read-quorum'],
    [[1, 2, 3], 'read-quorum'],
    [[0, 1, 2, 3], 'read-quorum'],
  ])('is there, or cannot be told, but never missing: without drives %j', async (slots, expected) => {
    await using fresh = await missed('made');
    fresh.away(...slots);
    expect(await said(fresh.other)).toEqual([expected, expected]);
  });

  it.each<[readonly number[], [string, string]]>([
    [[], ['', 'bucket-not-found']],
    [[4, 5], ['', 'bucket-not-found']],
    [[2, 3], ['read-quorum', 'read-quorum']],
    [[0, 1, 2], ['read-quorum', 'read-quorum']],
  ])('stays removed, or cannot be told: without drives %j', async (slots, expected) => {
    await using fresh = await missed('removed');
    fresh.away(...slots);
    expect(await said(fresh.other)).toEqual(expected);
  });
});

describe('a bucket changed on another server', () => {
  it('is so here at once', async () => {
    await using fresh = new FreshDeployment(4);
    const stores: ReturnType<typeof storeOver>[] = [];
    for (const index of [0, 1]) {
      const announceBucket = (bucket: string): Promise<void> => Promise.resolve(stores[1 - index]!.forgetBucket(bucket));
      stores.push(createStore({ deployment: fresh.deployment, locker: new LocalLocker(), clock: new SystemClock(), random: systemRandom, log: silentLog, announceBucket }));
    }
    const [one, two] = stores as [typeof stores[0], typeof stores[0]];
    await one.makeBucket('bucket', {});
    expect((await two.bucketSettings('bucket')).versioning).toBe('unversioned');
    await one.updateBucket('bucket', new Map([['VersioningConfigXML', Buffer.from('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')]]));
    expect((await two.bucketSettings('bucket')).versioning).toBe('enabled');
    await two.deleteBucket('bucket', { force: false });
    await expect(one.bucketSettings('bucket')).rejects.toMatchObject({ code: 'bucket-not-found' });
  });
});
