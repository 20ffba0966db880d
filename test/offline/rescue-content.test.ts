/** Objects that MinIO kept encrypted or compressed, taken off nameless and damaged drives. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentKeys } from '../../src/offline/rescue/index.js';
import { flipBits, unpackFixture, type Fixture } from '../fixtures/fixture.js';
import { MTS } from '../e2e/server-process.js';
import { disarray, saveAll, sha256Of, witness } from './rescue-harness.js';

let root: string;
beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'mts-test-rescue-content-'))));
afterAll(() => rmSync(root, { recursive: true }));

function keysOf({ manifest }: Fixture): { readonly kms: string; readonly customer: string[] } {
  return { kms: manifest.env['MINIO_KMS_SECRET_KEY']!, customer: manifest.customerKey === undefined ? [] : [`content/ssec=${manifest.customerKey}`] };
}

function expectSaved(fixture: Fixture, results: Awaited<ReturnType<typeof saveAll>>): void {
  for (const [bucket, { objects }] of Object.entries(fixture.manifest.buckets)) {
    for (const [key, versions] of Object.entries(objects)) {
      const { size, etag, sha256 } = versions.at(-1)!;
      const result = results.find((one) => one.bucket === bucket && one.key === key)!;
      expect(result, key).toMatchObject({ outcome: 'copied', size, etag });
      expect(sha256Of(result.target), key).toBe(sha256);
    }
  }
}

describe('encrypted and compressed objects', () => {
  it.each(['2025-content', '2025-sse'])('of %s are saved as their clients wrote them, with their ETags, and the drives stay as they were', async (name) => {
    const into = join(root, name);
    const fixture = unpackFixture(name, into);
    const paths = disarray(fixture.drives, 11);
    const before = witness(join(into, name, 'drives'));
    expectSaved(fixture, await saveAll(paths, join(into, 'saved'), { keys: keysOf(fixture) }));
    // Run again, it finds all of them there.
    expect((await saveAll(paths, join(into, 'saved'), { keys: keysOf(fixture) })).every(({ outcome }) => outcome === 'present')).toBe(true);
    expect(witness(join(into, name, 'drives'))).toEqual(before);
  });

  it('are saved from half of the drives, one of which has a bit flipped in every file of a copy beside it', async () => {
    const fixture = unpackFixture('2025-sse', join(root, 'half'));
    flipBits(fixture.drives[0]!, 3);
    expectSaved(fixture, await saveAll([fixture.drives[3]!, fixture.drives[0]!, fixture.drives[1]!], join(root, 'half-saved'), { keys: keysOf(fixture) }));
  });

  it('are left alone, by name, without their keys or with wrong ones; what is not encrypted is saved', async () => {
    const fixture = unpackFixture('2025-content', join(root, 'keyless'));
    const { kms } = keysOf(fixture);
    const without = await saveAll(fixture.drives, join(root, 'without'));
    const wrong = await saveAll(fixture.drives, join(root, 'wrong'), { keys: { kms: `fixture-key:${Buffer.alloc(32).toString('base64')}`, customer: [`/=${'00'.repeat(32)}`] } });
    const others = await saveAll(fixture.drives, join(root, 'others'), { keys: { kms, customer: [`content/other=${fixture.manifest.customerKey!}`] } });
    for (const [key, versions] of Object.entries(fixture.manifest.buckets['content']!.objects)) {
      const { sse, size } = versions.at(-1)!;
      const of = (results: typeof without) => results.find((one) => one.key === key)!;
      expect(of(without), key).toMatchObject({ size, outcome: sse === undefined ? 'copied' : 'failed', why: sse === undefined ? '' : (expect.stringContaining(sse === 'SSE-C' ? 'key of its client' : 'MINIO_KMS_SECRET_KEY is not set') as string) });
      expect(of(wrong), key).toMatchObject({ outcome: sse === undefined ? 'copied' : 'failed', why: sse === undefined ? '' : (expect.stringMatching(/is not the one that/) as string) });
      expect(of(others), key).toMatchObject({ outcome: sse === 'SSE-C' ? 'failed' : 'copied' });
      expect(existsSync(join(root, 'without', 'content', key))).toBe(sse === undefined);
    }
  });

  it('of which too few shards are left are lost, in pieces too', async () => {
    const fixture = unpackFixture('2025-sse', join(root, 'lost'));
    const results = await saveAll(fixture.drives.slice(0, 1), join(root, 'lost-saved'), { isPartial: true, keys: keysOf(fixture) });
    expect(results.find(({ key }) => key === 's3-multi')).toMatchObject({ outcome: 'lost', why: expect.stringContaining('encrypted or compressed') as string });
    expect(results.find(({ key }) => key === 's3-0')).toMatchObject({ outcome: 'copied', size: 0 });
  });

  it('go to standard output with `rescue cat`, given the keys', () => {
    const fixture = unpackFixture('2025-content', join(root, 'cat'));
    const { kms, customer } = keysOf(fixture);
    const cat = (key: string, env: Record<string, string>, ...flags: string[]): string =>
      execFileSync(process.execPath, [MTS, 'rescue', 'cat', ...flags, ...fixture.drives, `content/${key}`], { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] }).toString('latin1');
    const { size } = fixture.manifest.buckets['content']!.objects['sealed-text.txt']!.at(-1)!;
    expect(cat('sealed-text.txt', { MINIO_KMS_SECRET_KEY: kms })).toHaveLength(size);
    expect(cat('ssec.txt', {}, '--enc-c', customer[0]!)).toHaveLength(10_000);
    expect(cat('ssec.txt', { MC_ENC_C: customer[0]! })).toHaveLength(10_000);
    expect(() => cat('sealed-text.txt', {})).toThrow(/MINIO_KMS_SECRET_KEY is not set/);
  });
});

it('keys that cannot be read are refused without being shown', () => {
  for (const text of ['', 'bucket', 'bucket=', 'bucket=c2hvcnQ=', `${'ab'.repeat(32)}`]) expect(() => contentKeys({ customer: [text] }), text).toThrow(/BUCKET\/PREFIX=KEY|cannot be read/);
  const keysFor = contentKeys({ customer: [`b/=${'11'.repeat(32)}`, `b/deep=er=${Buffer.alloc(32, 0x22).toString('base64')}`] });
  const metaSys = new Map([['X-Minio-Internal-Server-Side-Encryption-Sealed-Key', Buffer.from('')]]);
  expect(Buffer.from(keysFor({ metaSys }, { bucket: 'b', key: 'deep=er/x' }).customer!)[0]).toBe(0x22);
  expect(Buffer.from(keysFor({ metaSys }, { bucket: 'b', key: 'x' }).customer!)[0]).toBe(0x11);
  expect(keysFor({ metaSys }, { bucket: 'c', key: 'x' }).customer).toBeUndefined();
});
