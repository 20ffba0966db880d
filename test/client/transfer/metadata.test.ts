import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseChecksum } from '../../../src/client/transfer/checksum.js';
import { contentTypeOf } from '../../../src/client/transfer/content-type.js';
import { applyFileAttributes, fileAttributes, parseAttributes, parseFileAttributes, parseTags } from '../../../src/client/transfer/metadata.js';

describe('metadata arguments', () => {
  it('sends known headers as headers and all else as user metadata', () => {
    expect(parseAttributes('Cache-Control=max-age=9,public;Artist=Unknown; x=1')).toEqual({
      'cache-control': 'max-age=9,public', 'x-amz-meta-artist': 'Unknown', 'x-amz-meta-x': '1',
    });
    expect(parseAttributes(undefined)).toEqual({});
    expect(() => parseAttributes('novalue')).toThrow(/has no value/);
  });

  it('encodes tags for their header', () => {
    expect(parseTags('a=b&c d=e/f')).toBe('a=b&c%20d=e%2Ff');
    expect(parseTags(undefined)).toBeUndefined();
    expect(() => parseTags('bad')).toThrow(/has no value/);
  });

  it('guesses content types from names', () => {
    expect(['a.txt', 'b.JPG', 'noext', 'x.unknown'].map(contentTypeOf)).toEqual([
      'text/plain', 'image/jpeg', 'application/octet-stream', 'application/octet-stream',
    ]);
  });
});

describe('file attributes', () => {
  it('go with an object and come back to a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'transfers-'));
    try {
      const [from, to] = [join(folder, 'from'), join(folder, 'to')];
      await writeFile(from, 'x', { mode: 0o640 });
      await writeFile(to, 'x', { mode: 0o600 });
      const text = fileAttributes(await stat(from, { bigint: true }));
      expect([...parseFileAttributes(text).keys()]).toEqual(expect.arrayContaining(['atime', 'gid', 'mode', 'mtime', 'uid']));
      await applyFileAttributes(to, text.replace(/mtime:\d+#\d+/, 'mtime:1577836800#500000000'));
      const stats = await stat(to);
      expect(stats.mtimeMs).toBe(1_577_836_800_500);
      expect(stats.mode & 0o777).toBe(0o640);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('checksums', () => {
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* digits(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1234');
    yield Buffer.from('56789');
  }
  // The published check values of "123456789".
  it.each([
    ['CRC32', 'cbf43926'], ['crc32c', 'e3069283'], ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'], ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ])('%s has its published value', async (name, hex) => {
    const { headers } = await parseChecksum(name)!.compute(digits());
    expect(Buffer.from(Object.values(headers)[0]!, 'base64').toString('hex')).toBe(hex);
  });

  it('refuses a name that is none', () => {
    expect(() => parseChecksum('CRC7')).toThrow(/unknown checksum type: CRC7/);
  });
});
