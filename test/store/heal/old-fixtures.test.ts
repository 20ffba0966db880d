import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { silentLog, SystemClock, systemRandom } from '../../../src/base/index.js';
import { LocalLocker } from '../../../src/cluster/index.js';
import { createStore, type HealItem, type Store } from '../../../src/store/index.js';
import { flipBits } from '../../fixtures/fixture.js';
import { FixtureDeployment } from '../deployment.js';
import { checkAll } from '../fixture-objects.js';
import { contextOver } from '../life.js';

function storeOver(fixture: FixtureDeployment): Store {
  return createStore({ deployment: fixture.deployment, locker: new LocalLocker(), clock: new SystemClock(), random: systemRandom, log: silentLog });
}

async function healAll(store: Store, isDryRun = false): Promise<HealItem[]> {
  const items: HealItem[] = [];
  for await (const item of store.healing.heal({}, { recursive: true, isDryRun, scan: 'deep', remove: false })) items.push(item);
  return items;
}

/** Takes the drives in these places away for good. */
function lose(fixture: FixtureDeployment, lost: readonly number[]): void {
  for (const i of lost) for (const bucket of Object.keys(fixture.fixture.manifest.buckets)) rmSync(join(fixture.fixture.drives[i]!, bucket), { recursive: true, force: true });
}

it.each([
  ['2017-xl4', [0, 1]],
  ['2018-xl4', [1, 3]],
  ['2020-sets', [0, 3, 5, 6]],
  ['life-xl4', [0, 2]],
  ['life-xl6', [1, 3, 4]],
])('%s: drives %j, emptied or damaged and then healed, serve every object when the others are lost', async (name, hurt) => {
  await using fixture = new FixtureDeployment(name);
  const store = storeOver(fixture);
  const total = await checkAll(contextOver(fixture.deployment), fixture.fixture);
  expect((await healAll(store, true)).filter(({ outcome, type }) => type === 'object' && outcome !== 'ok')).toEqual([]);
  const [first, ...rest] = hurt;
  lose(fixture, [first!]);
  rest.forEach((i) => flipBits(fixture.fixture.drives[i]!, i + 40));

  const items = await healAll(store);
  expect(items.filter(({ outcome, type }) => type === 'object' && outcome !== 'ok' && outcome !== 'healed')).toEqual([]);
  expect((await healAll(store, true)).filter(({ outcome, type }) => type === 'object' && outcome !== 'ok')).toEqual([]);

  const unharmed = fixture.fixture.drives.map((_, i) => i).filter((i) => !hurt.includes(i));
  lose(fixture, unharmed);
  expect(await checkAll(contextOver(fixture.deployment), fixture.fixture)).toBe(total);
  for (const i of hurt) expect(readdirSync(fixture.fixture.drives[i]!)).toEqual(expect.arrayContaining(Object.keys(fixture.fixture.manifest.buckets)));
});
