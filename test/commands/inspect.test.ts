import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVersion, insertVersion, parseXlMeta, serializeXlMeta, type ObjectVersion } from '../../src/format/index.js';
import { emptyDrive, unpackFixture, type Fixture } from '../fixtures/fixture.js';

const MTS = join(import.meta.dirname, '../../bin/run.js');

let root: string;
let fixture: Fixture;
let object: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mts-test-inspect-'));
  fixture = unpackFixture('2025-xl4', root);
  const bucket = Object.entries(fixture.manifest.buckets).find(([, { objects }]) => 'one-byte' in objects)![0];
  object = join(fixture.drives[0]!, bucket, 'one-byte');
});
afterAll(() => rmSync(root, { recursive: true }));

function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: root, MTS_CONFIG_DIR: join(root, 'config') };
    const child = execFile(process.execPath, [MTS, ...words], { env }, (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }));
  });
}

describe('format inspect', () => {
  it('shows drives that agree as a table with a sentence, and succeeds', async () => {
    const { code, stdout } = await run('format', 'inspect', ...fixture.drives);
    expect(code).toBe(0);
    expect(stdout).toContain('pool 1, set 1, drive 4');
    expect(stdout.trimEnd()).toMatch(/\nAll 4 drives agree: they are deployment [0-9a-f-]{36}, 1 set of 4 drives, and none is missing\.$/);
  });

  it('shows what is wrong, as one object with --json, and fails', async () => {
    const copy = join(root, 'with-one-empty');
    cpSync(join(root, '2025-xl4'), copy, { recursive: true });
    emptyDrive(join(copy, 'drives/d2'));
    const { code, stdout, stderr } = await run('format', 'inspect', '--json', join(copy, 'drives/d{1...4}'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const report = JSON.parse(stdout) as object;
    expect(report).toMatchObject({ status: 'error', isWhole: false, missing: [{ pool: 0, set: 0, slot: 1 }] });
    expect((report as { drives: { condition: string }[] }).drives.map(({ condition }) => condition)).toEqual(['ok', 'unformatted', 'ok', 'ok']);
    const text = await run('format', 'inspect', join(copy, 'drives/d{1...4}'));
    expect(text.stdout).toContain('absent');
  });

  it('shows its help without a drive, and a usage error for a malformed range', async () => {
    expect((await run('format', 'inspect')).code).toBe(1);
    const { code, stderr } = await run('format', 'inspect', '/data{4...1}');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('starts above its end') as string });
  });
});

describe('inspect', () => {
  it('shows an object as a table', async () => {
    const { code, stdout } = await run('inspect', object);
    expect(code).toBe(0);
    for (const fact of ['null (latest)', '2 data + 2 parity shards', 'inline, 33 bytes in 1 frame', '833344d5e1432da82ef02e1301477ce8', 'RELEASE.2025-10-15T17-29-55Z', 'Nothing wrong was found.']) {
      expect(stdout).toContain(fact);
    }
  });

  it('shows an object as JSON', async () => {
    const { code, stdout } = await run('inspect', '--json', join(object, 'xl.meta'));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'success',
      fileVersion: '1.3',
      versions: [{ versionId: 'null', isLatest: true, modTimeNs: '1795373102221643314', shardIndex: 1, metaUser: { 'content-type': 'text/plain' }, metaSys: { 'x-minio-internal-inline-data': 'true' } }],
    });
  });

  it('fails for damage, and goes on to the next object', async () => {
    const damaged = join(root, 'damaged.xl.meta');
    const bytes = readFileSync(join(object, 'xl.meta'));
    bytes[100]! ^= 1;
    writeFileSync(damaged, bytes);
    const { code, stdout, stderr } = await run('inspect', damaged, object);
    expect(code).toBe(1);
    expect(stderr).toContain('The checksum of xl.meta does not match its contents'.slice(4));
    expect(stdout).toContain('null (latest)');
    appendFileSync(damaged, 'x');
    expect((await run('inspect', '--json', damaged)).stdout).toContain('"status":"error"');
  });

  it('keeps control characters of metadata away from the terminal', async () => {
    const meta = parseXlMeta(readFileSync(join(object, 'xl.meta')));
    const version: ObjectVersion = {
      kind: 'object',
      versionId: 'null',
      modTimeNs: 5n,
      size: 0,
      dataDir: '930253f8-8c01-40b3-88eb-8ef43f2edfa7',
      erasure: { dataShards: 1, parityShards: 0, blockSizeBytes: 1_048_576, distribution: [1] },
      parts: [],
      metaUser: new Map([['X-Amz-Meta-Evil', 'a\u001b[31mred\u0007']]),
      metaSys: new Map([['x-minio-internal-odd', Buffer.from('\u001b]0;title')]]),
    };
    const file = join(root, 'evil.xl.meta');
    writeFileSync(file, serializeXlMeta(insertVersion(meta, encodeVersion(version, { shardIndex: 1 }))));
    const { stdout } = await run('inspect', file);
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout).toContain('red');
  });
});
