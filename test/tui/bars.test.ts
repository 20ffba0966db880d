import { describe, expect, it } from 'vitest';
import { bar, sparkline } from '../../src/tui/bars.js';

describe('a sparkline', () => {
  it('has the newest value at the right and the largest at the top', () => {
    expect(sparkline([0, 1, 2, 4, 8], 8)).toBe('   ▁▂▃▅█');
    expect(sparkline([9, 9, 1, 2], 2)).toBe('▅█');
  });

  it('is flat where nothing happens and blank where nothing is known', () => {
    expect(sparkline([0, 0], 3)).toBe(' ▁▁');
    expect(sparkline([undefined, 5, undefined], 3)).toBe(' █ ');
    expect(sparkline([], 2)).toBe('  ');
  });
});

describe('a bar', () => {
  it('is as full as what it shows', () => {
    expect([0, 0.5, 1, 2].map((fraction) => bar(fraction, 4))).toEqual(['░░░░', '██░░', '████', '████']);
  });
});
