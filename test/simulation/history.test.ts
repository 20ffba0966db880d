import { describe, expect, it } from 'vitest';

import { isLinearizable, type Effect, type Operation } from './history.js';

const at = (startMs: number, endMs: number, effect: Effect, openMs?: number): Operation => ({ key: 'key', startMs, endMs, effect, through: 'n1', ...(openMs !== undefined && { openMs }) });
const put = (value: string): Effect => ({ kind: 'put', value, keepsOlder: false });
const read = (value: string | undefined): Effect => ({ kind: 'read', value });

describe('the judgement of a history', () => {
  it('accepts what some order explains', () => {
    expect(isLinearizable([at(0, 10, put('a')), at(5, 15, put('b')), at(16, 20, read('a')), at(21, 22, read('b'))])).toBe('no');
    expect(isLinearizable([at(0, 10, put('a')), at(5, 15, put('b')), at(12, 14, read('a')), at(21, 22, read('b'))])).toBe('yes');
    expect(isLinearizable([at(0, 1, read(undefined)), at(2, 3, put('a')), at(4, 5, { kind: 'delete', keepsOlder: false, marker: '!1' }), at(6, 7, read(undefined))])).toBe('yes');
  });

  it('refuses a stale read, and a change that was acknowledged and is gone', () => {
    expect(isLinearizable([at(0, 1, put('a')), at(2, 3, put('b')), at(4, 5, read('a'))])).toBe('no');
    expect(isLinearizable([at(0, 1, put('a')), at(2, 3, read(undefined))])).toBe('no');
  });

  it('lets an open change be seen or not until the next one is acknowledged, and never after that', () => {
    const open = at(2, Infinity, put('b'), 3);
    expect(isLinearizable([at(0, 1, put('a')), open, at(4, 5, read('b')), at(6, 7, read('a'))])).toBe('yes');
    expect(isLinearizable([at(0, 1, put('a')), open, at(4, 5, put('c')), at(6, 7, read('b'))])).toBe('no');
  });

  it('knows versions that pile up', () => {
    const add = (value: string): Effect => ({ kind: 'put', value, keepsOlder: true });
    const history = [at(0, 1, add('a')), at(2, 3, add('b')), at(4, 5, { kind: 'remove-version', value: 'b' }), at(6, 7, read('a'))];
    expect(isLinearizable(history)).toBe('yes');
    expect(isLinearizable([...history, at(8, 9, { kind: 'read-version', value: 'a', isThere: false })])).toBe('no');
  });
});
