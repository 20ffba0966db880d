import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock, systemRandom, type Log } from '../../src/base/index.js';
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
