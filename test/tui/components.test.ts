import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { Dashboard, keyNames } from '../../src/tui/components.js';
import { frameOf } from '../../src/tui/frame.js';
import { dashboard } from './states.js';

describe('the components', () => {
  it('put the frame together as it was laid out', () => {
    const text = renderToString(createElement(Dashboard, { frame: frameOf(dashboard()), hasColour: true, onKey: () => undefined }), { columns: 80 });
    const lines = stripVTControlCharacters(text).split('\n');
    expect(lines).toHaveLength(24);
    expect(lines[0]).toContain('mts prod');
    expect(lines[2]).toMatch(/^▶ Drives \(6\) ─+ {2}─ Traffic/);
    expect(lines[23]).toMatch(/^tab panel/);
  });
});

describe('keys of the terminal', () => {
  it('have names', () => {
    expect(keyNames('', { upArrow: true })).toEqual(['up']);
    expect(keyNames('', { tab: true, shift: true })).toEqual(['shift-tab']);
    expect(keyNames('c', { ctrl: true })).toEqual(['ctrl-c']);
    expect(keyNames('', { delete: true })).toEqual(['backspace']);
  });

  it('that come together are told apart', () => {
    expect(keyNames('ab\t\r\u007f\u0003', {})).toEqual(['a', 'b', 'tab', 'enter', 'backspace', 'ctrl-c']);
  });
});
