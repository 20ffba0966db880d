import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionStore, type Session, type SessionKey } from '../../../src/client/transfer/sessions.js';

const key: SessionKey = { kind: 'upload', source: '/a', target: 'http://h/b/k', sizeBytes: 100, stamp: '1', partSizeBytes: 10 };
const part = { number: 1, md5: 'd41d8cd98f00b204e9800998ecf8427e', etag: 'd41d8cd98f00b204e9800998ecf8427e', checksum: {} };

describe('what is kept of a transfer', () => {
  let folder: string;
  let store: SessionStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'transfers-'));
    store = new SessionStore(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const onlyFile = (): string => join(folder, readdirSync(folder)[0]!);

  it('is found again with its finished parts', () => {
    store.create(key, 'upload-1').add(part);
    const kept = new SessionStore(folder).resume(key) as Session;
    expect(kept.uploadId).toBe('upload-1');
    expect([...kept.parts.values()]).toEqual([part]);
  });

  it('is not found for a source that changed, another target or another part size', () => {
    store.create(key, 'upload-1');
    for (const change of [{ stamp: '2' }, { sizeBytes: 101 }, { target: 'http://h/b/other' }, { partSizeBytes: 20 }]) {
      expect(store.resume({ ...key, ...change })).toBeUndefined();
    }
  });

  it('survives a last line that was cut off', () => {
    store.create(key, 'upload-1').add(part);
    appendFileSync(onlyFile(), '{"number":2,"md5":"d41d8');
    expect((store.resume(key) as Session).parts.size).toBe(1);
  });

  it('ignores a file that is no session', () => {
    store.create(key, 'upload-1');
    writeFileSync(onlyFile(), 'garbage\n');
    expect(store.resume(key)).toBeUndefined();
  });

  it('is left alone while its process lives, and taken over when it does not', () => {
    store.create(key, 'upload-1').add(part);
    const text = readFileSync(onlyFile(), 'utf8');
    writeFileSync(onlyFile(), text.replace(`"pid":${process.pid}`, `"pid":${process.ppid}`));
    expect(store.resume(key)).toBe('busy');
    writeFileSync(onlyFile(), text.replace(`"pid":${process.pid}`, '"pid":4194304000'));
    expect((store.resume(key) as Session).parts.size).toBe(1);
  });

  it('is gone when the transfer is complete', () => {
    store.create(key, 'upload-1').remove();
    expect(readdirSync(folder)).toEqual([]);
  });
});
