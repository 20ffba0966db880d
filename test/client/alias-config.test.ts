import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AliasConfig, checkAliasName, parseEndpoint } from '../../src/client/alias-config.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mts-test-alias-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const mine = { name: 'mine', url: 'http://h:9000', accessKey: 'a', secretKey: 's', api: 's3v4', path: 'auto' } as const;

test('a stored alias is found again, in a file that only its owner reads', () => {
  new AliasConfig(dir).set(mine);
  expect(new AliasConfig(dir).find('mine')).toEqual({ ...mine, sessionToken: undefined, source: join(dir, 'config.json') });
  expect(statSync(join(dir, 'config.json')).mode & 0o777).toBe(0o600);
});

test('the file before a change stays as config.json.old', () => {
  const config = new AliasConfig(dir);
  config.set(mine);
  expect(config.remove('mine')).toBe(true);
  expect(config.remove('mine')).toBe(false);
  expect(readFileSync(join(dir, 'config.json.old'), 'utf8')).toContain('mine');
});

test("mc's file is read as mc wrote it, and other aliases stay when one is set", () => {
  const theirs = { url: 'https://s3.amazonaws.com', accessKey: 'K', secretKey: 'S', api: 'S3v4', path: 'dns', license: 'x' };
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ version: '10', aliases: { s3: theirs } }));
  const config = new AliasConfig(dir);
  expect(config.find('s3')).toMatchObject({ api: 's3v4', path: 'dns' });
  config.set(mine);
  const stored = JSON.parse(readFileSync(config.file, 'utf8')) as { aliases: Record<string, unknown> };
  expect(stored.aliases['s3']).toEqual(theirs);
});

test.each(['{', '[]', '{"version":"10"}'])('the broken file %j is refused with its name', (text) => {
  writeFileSync(join(dir, 'config.json'), text);
  expect(() => new AliasConfig(dir).list()).toThrow(join(dir, 'config.json'));
});

test('MC_HOST_ variables come before the file; keys may hold any character', () => {
  new AliasConfig(dir).set(mine);
  vi.stubEnv('MC_HOST_mine', 'https://AK:S/K@K:token@h.example:9000');
  vi.stubEnv('MTS_HOST_other', 'http://h');
  const config = new AliasConfig(dir);
  expect(config.find('mine')).toMatchObject({ url: 'https://h.example:9000', accessKey: 'AK', secretKey: 'S/K@K', sessionToken: 'token', source: 'env' });
  expect(config.list().map(({ name }) => name)).toEqual(['local', 'mine', 'other']);
});

test('a variable that is no URL is refused without showing its keys', () => {
  vi.stubEnv('MC_HOST_bad', 'secret-without-scheme');
  expect(() => new AliasConfig(dir).find('bad')).toThrow(/^MC_HOST_bad must look like/);
});

test('names that objects inherit are no aliases', () => {
  expect(new AliasConfig(dir).find('constructor')).toBeUndefined();
});

test.each(['1a', '', 'a/b', '-a', 'ä'])('%j is no alias name', (name) => {
  expect(() => checkAliasName(name)).toThrow('Invalid alias');
});

test.each(['ftp://h', 'h:9000', 'http://h/path', 'http://u:p@h'])('%j is no endpoint', (url) => {
  expect(() => parseEndpoint(url)).toThrow('Invalid URL');
});
