import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { closeDigestThreads, crc, createDigest, type DigestName, type DigestValues } from '../../src/hash/index.js';

const names: readonly DigestName[] = ['md5', 'sha1', 'sha256', 'crc32', 'crc32c', 'crc64nvme'];

function directly(name: DigestName, data: Uint8Array): string {
  if (name.startsWith('crc')) return Buffer.from(crc(name as 'crc32', data)).toString('hex');
  return createHash(name).update(data).digest('hex');
}

function inHex(values: DigestValues): Record<string, string> {
  return Object.fromEntries([...values].map(([name, value]) => [name, Buffer.from(value).toString('hex')]));
}

function expected(wanted: readonly DigestName[], data: Uint8Array): Record<string, string> {
  return Object.fromEntries(wanted.map((name) => [name, directly(name, data)]));
}

function shared(chunk: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(chunk.length));
  bytes.set(chunk);
  return bytes;
}

afterAll(closeDigestThreads);

describe.each([false, true])('a digest (threaded: %s)', (threaded) => {
  it('computes what was asked for over all chunks in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([...names]), fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.boolean()), { maxLength: 8 }), async (wanted, chunks) => {
        const digest = createDigest(wanted, { threaded });
        const updates = chunks.map(([chunk, isShared]) => digest.update(isShared ? shared(chunk) : chunk));
        const values = await digest.finish();
        for (const update of updates) await update;
        expect(inHex(values)).toEqual(expected(wanted, Buffer.concat(chunks.map(([chunk]) => chunk))));
      }),
      { numRuns: 40 },
    );
  });

  it('has its chunk back when the update is done', async () => {
    const digest = createDigest(['sha256'], { threaded });
    const chunk = shared(new Uint8Array(100_000));
    for (let i = 0; i < 10; i++) {
      chunk.fill(i);
      await digest.update(chunk);
    }
    const whole = Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(100_000, i)));
    expect(inHex(await digest.finish())).toEqual(expected(['sha256'], whole));
  });

  it('keeps many bodies apart', async () => {
    const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(50_000, `body ${i}`));
    const results = await Promise.all(
      bodies.map(async (body) => {
        const digest = createDigest(['md5', 'crc32c'], { threaded });
        for (let at = 0; at < body.length; at += 7000) await digest.update(shared(body.subarray(at, at + 7000)));
        return inHex(await digest.finish());
      }),
    );
    expect(results).toEqual(bodies.map((body) => expected(['md5', 'crc32c'], body)));
  });

  it('can be given up at any time, and again', async () => {
    const digest = createDigest(['md5'], { threaded });
    const update = digest.update(shared(new Uint8Array(1000)));
    digest.close();
    digest.close();
    await update;
    const next = createDigest(['md5'], { threaded });
    expect(inHex(await next.finish())).toEqual(expected(['md5'], new Uint8Array()));
    next.close();
  });
});

describe('digest threads', () => {
  it('leave a chunk outside shared memory to its owner', async () => {
    const digest = createDigest(['md5'], { threaded: true });
    const chunk = Buffer.from('kept');
    const update = digest.update(chunk);
    chunk.fill(0);
    await update;
    expect(inHex(await digest.finish())).toEqual(expected(['md5'], Buffer.from('kept')));
  });

  it('fail the digests under way when they are ended, and start again for the next', async () => {
    const digest = createDigest(['md5'], { threaded: true });
    await digest.update(shared(new Uint8Array(10)));
    await closeDigestThreads();
    await expect(digest.finish()).rejects.toThrow('digest thread');
    const next = createDigest(['md5'], { threaded: true });
    expect(inHex(await next.finish())).toEqual(expected(['md5'], new Uint8Array()));
  });

  it('refuse chunks after the end', async () => {
    const digest = createDigest(['md5'], { threaded: true });
    await digest.finish();
    await expect(digest.update(new Uint8Array(1))).rejects.toThrow('after its end');
  });
});
