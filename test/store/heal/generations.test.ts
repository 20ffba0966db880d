import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { silentLog } from '../../../src/base/index.js';
import { createStore, type Store } from '../../../src/store/index.js';
import { BUCKET, Life, body, content, judgeByMd5 } from '../life.js';
import { hurry, until } from './healing-life.js';

const SLOT = 2;

function storeOver(life: Life): Store {
  const { deployment, locker, clock, random } = life.context;
  return createStore({ deployment, locker, clock, random, log: silentLog, schedule: hurry });
}

const put = (store: Store, key: string): Promise<unknown> => store.put(BUCKET, key, body(content(3000)), { versioning: 'unversioned', metaUser: new Map(), judge: judgeByMd5 });
const isHealing = (life: Life): boolean => {
  const [set] = life.context.deployment.pools[0]!.sets;
  return set!.isHealing(set!.drives[SLOT]!);
};
const generationOn = (path: string): string => join(path, '.minio.sys/mts/generation', String(SLOT));

describe('a drive that is older than it looks', () => {
  it('is healed as a whole: an old copy under the right identity', async () => {
    await using life = await Life.begin(4);
    const store = storeOver(life);
    await store.recover();
    store.healing.start();
    await put(store, 'before');
    await until(() => life.paths.every((path) => existsSync(generationOn(path))));
    await store.healing.close();
    await store.idle();
    const copy = `${life.paths[SLOT]!}-copy`;
    cpSync(life.paths[SLOT]!, copy, { recursive: true });

    const later = storeOver(life);
    await later.recover();
    later.healing.start();
    await put(later, 'after');
    await until(async () => Buffer.from(await life.drives[0]!.readFile('.minio.sys', `mts/generation/${SLOT}`)).toString() !== readFileSync(generationOn(copy)).toString());
    await later.healing.close();
    await later.idle();
    rmSync(life.paths[SLOT]!, { recursive: true });
    cpSync(copy, life.paths[SLOT]!, { recursive: true });

    await life.restart();
    const last = storeOver(life);
    await last.recover();
    expect(isHealing(life)).toBe(true);
    last.healing.start();
    await until(() => last.healing.driveHeals()[0]?.isFinished === true);
    await last.healing.close();
    expect(existsSync(join(life.paths[SLOT]!, BUCKET, 'after/xl.meta'))).toBe(true);

    await life.restart();
    await storeOver(life).recover();
    expect(isHealing(life)).toBe(false);
  });

  it('is healed as a whole: an identity without anything', async () => {
    await using life = await Life.begin(4);
    await life.put('key', content(3000));
    await life.idle();
    rmSync(life.paths[SLOT]!, { recursive: true });
    mkdirSync(join(life.paths[SLOT]!, '.minio.sys'), { recursive: true });
    const store = storeOver(life);
    await store.recover();
    expect(isHealing(life)).toBe(true);
    store.healing.start();
    await until(() => store.healing.driveHeals()[0]?.isFinished === true);
    await store.healing.close();
    expect(existsSync(join(life.paths[SLOT]!, BUCKET, 'key/xl.meta'))).toBe(true);
  });

  it('is not what a drive is that was away for a while', async () => {
    await using life = await Life.begin(4);
    const store = storeOver(life);
    await store.recover();
    store.healing.start();
    await put(store, 'before');
    await until(() => life.paths.every((path) => existsSync(generationOn(path))));
    life.naughty[SLOT]!.pretend('offline');
    await put(store, 'missed');
    await until(async () => Buffer.from(await life.drives[0]!.readFile('.minio.sys', 'mts/generation/0')).toString() !== '1');
    life.naughty[SLOT]!.pretend(undefined);
    await until(() => existsSync(join(life.paths[SLOT]!, BUCKET, 'missed/xl.meta')));
    expect(isHealing(life)).toBe(false);
    await store.healing.close();
  });
});
