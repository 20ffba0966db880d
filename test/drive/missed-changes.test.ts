import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { MissedNotes } from '../../src/drive/missed-changes.js';
import { Removals } from '../../src/drive/removals.js';
import { DriveRoot } from '../../src/drive/root.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mts-test-missed-'));
  mkdirSync(join(folder, '.minio.sys'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (): MissedNotes => new MissedNotes(new DriveRoot(folder), new Removals(), 2);
const noteKeys = (notes: MissedNotes, count: number): void => {
  for (let i = 0; i < count; i++) notes.note([1], { volume: 'bucket', path: `key-${i}` });
};

it('more notes than make sense become one that says all, also over a restart', async () => {
  noteKeys(open(), 2);
  expect(open().list(10)).toMatchObject([{ slot: 1, isAll: false, count: 2 }]);
  const notes = open();
  noteKeys(notes, 5);
  expect(notes.list(10)).toMatchObject([{ slot: 1, isAll: true, count: 3 }]);
  expect(notes.list(0)).toEqual([{ slot: 1, isAll: true, count: 3, changes: [] }]);
  expect(open().list(0)).toEqual(notes.list(0));
  await notes.forget(1, 'all');
  expect(notes.list(10)).toEqual([]);
  noteKeys(notes, 1);
  expect(notes.list(10)).toMatchObject([{ slot: 1, isAll: false, count: 1 }]);
});
