/** Suites over many seeds; several of them run beside each other. */
import { describe, expect, it } from 'vitest';

import { simulate } from './simulation.js';

export function describeSeeds(first: number, count: number): void {
  describe('a simulated cluster', () => {
    it('lives the same life again from the same seed', async () => {
      const once = await simulate(first);
      expect((await simulate(first)).traceHash).toBe(once.traceHash);
    });

    it(`gives no wrong answer, loses nothing acknowledged and mends all its drives, for the seeds ${first} to ${first + count - 1}`, { timeout: 600_000 }, async () => {
      const failed: string[] = [];
      for (let seed = first; seed < first + count; seed++) {
        const { findings } = await simulate(seed);
        if (findings.length > 0) failed.push(`seed ${seed} (see it with: npx tsx test/simulation/run.ts ${seed} 1):\n${findings.join('\n')}`);
      }
      expect(failed.join('\n\n')).toBe('');
    });
  });
}
