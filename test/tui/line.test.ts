import { describe, expect, it } from 'vitest';
import { endOf, fit, line, lineWidth, paintLine, plainText, span, spread } from '../../src/tui/line.js';

describe('a line', () => {
  it('fills its columns exactly, whatever it holds', () => {
    for (const text of ['', 'short', 'exactly ten', 'much longer than there is room for', '日本語のバケット名です', 'ab日本語cd']) {
      for (const width of [0, 1, 2, 5, 9, 10, 11, 40]) expect(lineWidth(fit([span(text, 'bad'), span(text)], width)), `${text} in ${width}`).toBe(width);
    }
  });

  it('shows by an ellipsis that it was cut', () => {
    expect(plainText(fit([span('photos/'), span('cat.jpg')], 10))).toBe('photos/ca…');
    expect(endOf('m1:9000/mnt/export1', 9)).toBe('…/export1');
  });

  it('has its right part at the right, if there is room', () => {
    expect(plainText(spread(line('left'), line('right'), 12))).toBe('left   right');
    expect(plainText(spread(line('left'), line('right'), 5))).toBe('left ');
  });

  it('never lets a name move the cursor or change colours', () => {
    expect(paintLine(line('evil\u001b[2J\u009b31m\nname\u202e'), true)).toBe('evil·[2J·31m·name·');
  });

  it('has colours only where they are wanted, and what is chosen shows without them', () => {
    const spans = [span('X', 'bad'), span('chosen', 'chosen')];
    expect(paintLine(spans, true)).toBe('\u001b[31mX\u001b[39m\u001b[7mchosen\u001b[27m');
    expect(paintLine(spans, false)).toBe('X\u001b[7mchosen\u001b[27m');
  });
});
