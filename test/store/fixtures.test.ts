import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultParity } from '../../src/cluster/index.js';
import { flipBits } from '../fixtures/fixture.js';
import { checkAll } from './fixture-objects.js';
import { contextOver } from './life.js';
import { FixtureDeployment } from './deployment.js';

/** The drives of each set, in their folders, `count` per set from the given slot on. */
function someOfEachSet(opened: FixtureDeployment, count: (setSize: number) => number, from: number): string[] {
  return opened.deployment.pools.flatMap((pool) =>
    pool.sets.flatMap((set) => {
      const paths = set.drives.map((drive) => drive!.endpoint);
      return Array.from({ length: count(set.size) }, (_, i) => paths[(from + i) % set.size]!);
    }),
  );
}

describe.each(['2017-xl4', '2017-xl6', '2017-xl16', '2018-xl4', '2018-xl8-sets', '2020-xl4', '2020-sets', '2021-xl4', 'life-xl4', 'life-xl6', '2025-xl1', '2025-xl4', '2025-xl16', '2025-sets', '2025-pools'])('the drives of %s', (name) => {
  // One deployment for all: starting the threads of sixteen drives takes longer than the checks.
  it('give every object back: untouched, after bit flips and with drives emptied, on as many drives as the parity allows', async () => {
    await using opened = new FixtureDeployment(name);
    const { fixture, deployment } = opened;
    const total = await checkAll(contextOver(deployment), fixture);
    expect(total).toBeGreaterThan(5);
    if (name === '2025-xl1') return;

    for (const from of [0, 1]) {
      someOfEachSet(opened, defaultParity, from).forEach((drive, i) => flipBits(drive, 7 + i + 100 * from));
      expect(await checkAll(contextOver(deployment), fixture)).toBe(total);
      opened.restore();
    }
    for (const from of [0, 1]) {
      for (const drive of someOfEachSet(opened, defaultParity, from)) {
        for (const bucket of Object.keys(fixture.manifest.buckets)) rmSync(join(drive, bucket), { recursive: true, force: true });
      }
      expect(await checkAll(contextOver(deployment), fixture)).toBe(total);
      opened.restore();
    }
  });
});
