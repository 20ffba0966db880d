import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FolderNames } from '../../src/drive/folder-names.js';

describe('names of a folder', () => {
  let folder: string;
  let reads = 0;
  const names = new FolderNames();
  const read = (): string[] =>
    names
      .sorted(folder, (all) => {
        reads++;
        return all;
      })
      .names.map(({ keyPart }) => keyPart);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mts-names-'));
    reads = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are in the order of keys', () => {
    for (const name of ['b', 'a__XLDIR__', 'a', 'a-', 'a0', '\uffee', '\u{1F600}']) mkdirSync(join(folder, name));
    expect(read()).toEqual(['a', 'a-', 'a/', 'a0', 'b', '\uffee', '\u{1F600}']);
  });

  it('are read again while the folder is new, and remembered once it has settled', () => {
    for (let index = 0; index < 300; index++) writeFileSync(join(folder, `n${index}`), '');
    read();
    read();
    expect(reads).toBe(2);
    vi.useFakeTimers({ now: Date.now() + 5000, toFake: ['Date'] });
    read();
    read();
    expect(reads).toBe(3);
    writeFileSync(join(folder, 'one-more'), '');
    expect(read()).toContain('one-more');
    expect(reads).toBe(4);
  });

  it('are read again when the folder was changed and its time set back', () => {
    for (let index = 0; index < 300; index++) writeFileSync(join(folder, `n${index}`), '');
    utimesSync(folder, 1, 1);
    vi.useFakeTimers({ now: Date.now() + 5000, toFake: ['Date'] });
    read();
    writeFileSync(join(folder, 'one-more'), '');
    utimesSync(folder, 1, 1);
    expect(read()).toContain('one-more');
  });
});
