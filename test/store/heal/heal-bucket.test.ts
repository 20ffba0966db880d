import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { healBucket } from '../../../src/store/heal/heal-bucket.js';
import { BUCKET, Life } from '../life.js';

const REAL = { isDryRun: false, remove: false };

describe('healing a bucket', () => {
  it('makes the folder on drives that lack it', async () => {
    await using life = await Life.begin(4);
    rmSync(join(life.paths[1]!, BUCKET), { recursive: true });

    const dry = await healBucket(life.context, BUCKET, { ...REAL, isDryRun: true });
    expect(dry.outcome).toBe('healable');
    expect(existsSync(join(life.paths[1]!, BUCKET))).toBe(false);

    const item = await healBucket(life.context, BUCKET, REAL);
    expect(item).toMatchObject({ type: 'bucket', bucket: BUCKET, outcome: 'healed' });
    expect(item.drives.map(({ before, after }) => `${before} ${after}`)).toEqual(['ok ok', 'missing ok', 'ok ok', 'ok ok']);
    expect(existsSync(join(life.paths[1]!, BUCKET))).toBe(true);
    expect((await healBucket(life.context, BUCKET, REAL)).outcome).toBe('ok');
  });

  it('reports one that a minority has, and removes it only when told to', async () => {
    await using life = await Life.begin(4);
    for (const path of life.paths.slice(1)) rmSync(join(path, BUCKET), { recursive: true });

    expect((await healBucket(life.context, BUCKET, REAL)).outcome).toBe('dangling');
    expect(life.paths.map((path) => existsSync(join(path, BUCKET)))).toEqual([true, false, false, false]);

    expect((await healBucket(life.context, BUCKET, { ...REAL, remove: true })).outcome).toBe('healed');
    expect(existsSync(join(life.paths[0]!, BUCKET))).toBe(false);
  });

  it('leaves one alone that somebody is making or removing, until that is done', async () => {
    await using life = await Life.begin(4);
    for (const path of life.paths.slice(2)) rmSync(join(path, BUCKET), { recursive: true });
    const lock = await life.context.locker.acquire([`.minio.sys/buckets/${BUCKET}`], 'write', { timeoutMs: 1000 });
    const healing = healBucket(life.context, BUCKET, REAL);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(existsSync(join(life.paths[3]!, BUCKET))).toBe(false);
    for (const path of life.paths.slice(0, 2)) rmSync(join(path, BUCKET), { recursive: true });
    lock.release();
    expect((await healing).outcome).toBe('skipped');
    expect(life.paths.map((path) => existsSync(join(path, BUCKET)))).toEqual([false, false, false, false]);
  });

  it('never removes one with anything in it', async () => {
    await using life = await Life.begin(4);
    await life.put('key', Buffer.from('hello'));
    await life.idle();
    for (const path of life.paths.slice(1)) rmSync(join(path, BUCKET), { recursive: true });

    const item = await healBucket(life.context, BUCKET, { ...REAL, remove: true });
    expect(item.outcome).toBe('dangling');
    expect(existsSync(join(life.paths[0]!, BUCKET, 'key/xl.meta'))).toBe(true);
  });
});
