import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { bannerFields, bannerLines, type BannerFacts } from '../../src/server/banner.js';
import { humanLog, jsonLog } from '../../src/server/logs.js';
import { rootKeys, splitWords } from '../../src/server/settings.js';

describe('the operator keys', () => {
  it('are the known ones when nothing is set, or set to just these', async () => {
    const keys = { accessKey: 'minioadmin', secretKey: 'minioadmin', areDefaults: true };
    expect(await rootKeys({})).toEqual(keys);
    expect(await rootKeys({ MINIO_ROOT_USER: '', MINIO_ROOT_PASSWORD: '' })).toEqual(keys);
    expect(await rootKeys({ MINIO_ROOT_USER: 'minioadmin', MINIO_ROOT_PASSWORD: 'minioadmin' })).toEqual(keys);
  });

  it('come from today’s variables before those of 2017', async () => {
    const old = { MINIO_ACCESS_KEY: 'older', MINIO_SECRET_KEY: 'older-secret' };
    expect(await rootKeys(old)).toMatchObject({ accessKey: 'older', secretKey: 'older-secret', areDefaults: false });
    expect(await rootKeys({ ...old, MINIO_ROOT_USER: 'newer', MINIO_ROOT_PASSWORD: 'newer-secret' })).toMatchObject({ accessKey: 'newer', secretKey: 'newer-secret' });
  });

  it('come from files, without the line end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mts-keys-test-'));
    try {
      writeFileSync(join(folder, 'user'), 'filed\n');
      writeFileSync(join(folder, 'password'), 'filed secret\r\n');
      const environment = { MINIO_ROOT_USER_FILE: join(folder, 'user'), MINIO_ROOT_PASSWORD_FILE: join(folder, 'password') };
      expect(await rootKeys(environment)).toMatchObject({ accessKey: 'filed', secretKey: 'filed secret' });
      await expect(rootKeys({ ...environment, MINIO_ROOT_USER_FILE: join(folder, 'none') })).rejects.toThrow('MINIO_ROOT_USER_FILE');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['a user alone', { MINIO_ROOT_USER: 'operator' }, 'no password'],
    ['a password alone', { MINIO_ROOT_PASSWORD: 'long enough' }, 'no user name'],
    ['a short user', { MINIO_ROOT_USER: 'ab', MINIO_ROOT_PASSWORD: 'long enough' }, 'at least 3'],
    ['a short password', { MINIO_ROOT_USER: 'operator', MINIO_ROOT_PASSWORD: 'seven77' }, 'at least 8'],
    ['a user that breaks signatures', { MINIO_ROOT_USER: 'a/b=c', MINIO_ROOT_PASSWORD: 'long enough' }, 'signatures'],
  ])('%s is refused without showing the password', async (_, environment, words) => {
    const failure = await rootKeys(environment).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'UsageError', message: expect.stringContaining(words) as string, hint: expect.any(String) as string });
    expect((failure as Error).message).not.toContain('seven77');
  });
});

describe('words of a variable', () => {
  it('are split at blanks, and quotes keep them together', () => {
    expect(splitWords('  /a{1...4}  "/b c" \'d e\' ')).toEqual(['/a{1...4}', '/b c', 'd e']);
    expect(splitWords(undefined)).toEqual([]);
  });
});

describe('the banner', () => {
  const drive = { path: '/d', drive: undefined, poolIndex: 0, setIndex: 0, slot: 0, isHealing: false, isMisplaced: false, condition: 'ok', remark: '' } as const;
  const facts: BannerFacts = {
    version: '1.2.3',
    address: { host: '127.0.0.1', port: 9000 },
    scheme: 'http',
    port: 9000,
    keys: { accessKey: 'minioadmin', secretKey: 'minioadmin', areDefaults: true },
    drives: [{ ...drive, isOnline: true }, { ...drive, isOnline: true, isHealing: true }, { ...drive, isOnline: false }],
  };

  it('shows default keys, with a warning, and a command to copy', () => {
    const text = bannerLines(facts).join('\n');
    expect(text).toContain('API: http://127.0.0.1:9000');
    expect(text).toContain('2 drives online, 1 drive offline, 1 to heal');
    expect(text).toContain('mts alias set local http://127.0.0.1:9000 minioadmin minioadmin');
    expect(text).toContain('WARNING');
  });

  it('never shows keys that were chosen', () => {
    const chosen = { ...facts, keys: { accessKey: 'operator', secretKey: 'a chosen secret', areDefaults: false } };
    const text = `${bannerLines(chosen).join('\n')} ${JSON.stringify(bannerFields(chosen))}`;
    expect(text).not.toContain('operator');
    expect(text).not.toContain('chosen secret');
    expect(text).not.toContain('WARNING');
  });

  it('names every address of a server that listens on all', () => {
    const api = bannerFields({ ...facts, address: { host: undefined, port: 9000 } })['api'];
    expect(api).toContain('http://127.0.0.1:9000');
  });
});

describe('the log', () => {
  it('for people is one line, whatever a client put into a name', () => {
    const lines: string[] = [];
    humanLog((line) => lines.push(line), false).warn('cannot do it', { key: 'a\nINFO forged\u001b[2J', cause: new Error('why\nnot'), none: undefined });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\S+Z WARN {2}cannot do it key="a\\nINFO forged\\u001b\[2J" cause="why\\nnot"$/);
  });

  it('for machines is one JSON object a line', () => {
    let text = '';
    const log = jsonLog({ write: (line: string) => void (text += line) }, false);
    log.info('up', { port: 1 });
    log.error('bad', { cause: new Error('why') });
    const records = text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toMatchObject([{ level: 'info', msg: 'up', port: 1 }, { level: 'error', msg: 'bad', cause: 'why' }]);
  });

  it('that is quiet keeps warnings and errors', () => {
    let text = '';
    for (const log of [humanLog((line) => void (text += line), true), jsonLog({ write: (line: string) => void (text += line) }, true)]) {
      log.info('chatter');
      log.warn('trouble');
    }
    expect(text).not.toContain('chatter');
    expect(text.match(/trouble/g)).toHaveLength(2);
  });
});
