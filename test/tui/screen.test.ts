import { describe, expect, it } from 'vitest';
import { changedCells, Screen } from '../../src/tui/screen.js';

class Written {
  readonly columns = 80;
  readonly rows = 24;
  text = '';
  write(text: string): void {
    this.text += text;
  }
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

describe('a changed line', () => {
  it('costs the cells that changed and a jump to them', () => {
    expect(changedCells('requests   12/s  ▁▁▂', 'requests   19/s  ▁▁▂', 4)).toBe('\u001b[5;13H9');
    expect(changedCells('same', 'same', 0)).toBe('');
  });

  it('writes nearby changes in one go and far ones apart', () => {
    expect(changedCells('aaaaaaaaaa', 'abaabaaaaa', 0)).toBe('\u001b[1;2Hbaab');
    expect(changedCells(`x${' '.repeat(20)}x`, `y${' '.repeat(20)}y`, 0)).toBe('\u001b[1;1Hy\u001b[1;22Hy');
  });

  it('is drawn with its colours, also where only these changed', () => {
    expect(changedCells('1 \u001b[32mO\u001b[39m up', '1 \u001b[31mX\u001b[39m up', 0)).toBe('\u001b[1;3H\u001b[0;31mX\u001b[0m');
    expect(changedCells('word', '\u001b[7mword\u001b[27m', 0)).toBe('\u001b[1;1H\u001b[0;7mword\u001b[0m');
  });

  it('keeps characters of two columns whole', () => {
    expect(changedCells('日本', '日木!', 0)).toBe('\u001b[1;3H木!');
  });

  it('clears what a longer line left', () => {
    expect(changedCells('abcdef', 'abc', 2)).toBe('\u001b[3;4H\u001b[K');
  });
});

describe('the screen', () => {
  it('writes nothing for a frame that is there already, and all of it after a change of size', () => {
    const stream = new Written();
    const screen = new Screen(stream);
    screen.open();
    screen.draw('one\ntwo');
    stream.take();
    screen.draw('one\ntwo');
    expect(stream.take()).toBe('');
    screen.forget();
    screen.draw('one\ntwo');
    expect(stream.take()).toBe('\u001b[2J\u001b[1;1Hone\u001b[2;1Htwo');
    screen.close();
  });

  it('gives the terminal back once, also when the process ends', () => {
    const stream = new Written();
    const screen = new Screen(stream);
    const before = process.listenerCount('exit');
    screen.open();
    expect(stream.take()).toContain('\u001b[?1049h');
    expect(process.listenerCount('exit')).toBe(before + 1);
    screen.close();
    expect(stream.take()).toMatch(/\[\?25h.*\[\?1049l$/);
    screen.close();
    screen.draw('late');
    expect(stream.take()).toBe('');
    expect(process.listenerCount('exit')).toBe(before);
  });
});
