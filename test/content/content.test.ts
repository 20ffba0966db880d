import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientSize, Content, isTransformed } from '../../src/content/index.js';
import { dataChunk, S2_BEGIN, chunk, seal, streamOf } from './sealing.js';

const NAME = { bucket: 'bucket', key: 'folder/key' };
const PREFIX = 'X-Minio-Internal-Server-Side-Encryption-';
const customer = randomBytes(32);
const objectKey = randomBytes(32);

interface Made {
  readonly stored: Buffer;
  readonly object: ConstructorParameters<typeof Content>[0];
}

/** An object as MinIO keeps it: compressed in small chunks, encrypted for its client, in parts. */
function make(parts: readonly { readonly number: number; readonly bytes: Buffer }[], how: { readonly isEncrypted: boolean; readonly isCompressed: boolean; readonly isMultipart: boolean }): Made {
  const metaSys = new Map<string, Uint8Array>();
  if (how.isCompressed) metaSys.set('X-Minio-Internal-compression', Buffer.from('klauspost/compress/s2'));
  if (how.isEncrypted) {
    const iv = randomBytes(32);
    const sealingKey = createHmac('sha256', customer).update(iv).update('SSE-C').update('DAREv2-HMAC-SHA256').update('bucket/folder/key').digest();
    const entries = { 'Seal-Algorithm': 'DAREv2-HMAC-SHA256', Iv: iv.toString('base64'), 'Sealed-Key': seal(objectKey, sealingKey).toString('base64') };
    for (const [name, value] of Object.entries(entries)) metaSys.set(PREFIX + name, Buffer.from(value));
    if (how.isMultipart) metaSys.set('X-Minio-Internal-Encrypted-Multipart', Buffer.alloc(0));
  }
  const streams = parts.map(({ number, bytes }) => {
    const compressed = how.isCompressed ? compress(bytes) : bytes;
    if (!how.isEncrypted) return compressed;
    const numberBytes = Buffer.alloc(4);
    numberBytes.writeUInt32LE(number);
    return seal(compressed, how.isMultipart ? createHmac('sha256', objectKey).update(numberBytes).digest() : objectKey);
  });
  const sizes = parts.map(({ number, bytes }, i) => ({ number, size: streams[i]!.length, actualSize: bytes.length }));
  return { stored: Buffer.concat(streams), object: { size: Buffer.concat(streams).length, parts: sizes, metaSys, metaUser: new Map() } };
}

function compress(bytes: Buffer): Buffer {
  const chunks = [S2_BEGIN];
  for (let at = 0; at < bytes.length; at += 30_000) chunks.push(dataChunk(bytes.subarray(at, at + 30_000)));
  return Buffer.concat([...chunks, chunk(0xfe, Buffer.alloc(100))]);
}

async function read({ stored, object }: Made, range?: { readonly start: number; readonly length: number }, piece = 7000): Promise<{ readonly bytes: Buffer; readonly storedBytes: number }> {
  const keys = [...object.metaSys.keys()].some((name) => name.startsWith(PREFIX)) ? { customer } : {};
  const content = new Content(object, NAME, keys);
  const chunks: Buffer[] = [];
  let [asked, storedBytes] = [0, 0];
  for await (const bytes of content.read(({ start, length }) => ((asked++, (storedBytes = length)), streamOf(stored.subarray(start, start + length), piece)), range)) chunks.push(Buffer.from(bytes));
  expect(asked).toBeLessThanOrEqual(1);
  return { bytes: Buffer.concat(chunks), storedBytes };
}

const KINDS = [
  { isEncrypted: true, isCompressed: false },
  { isEncrypted: false, isCompressed: true },
  { isEncrypted: true, isCompressed: true },
];

describe.each(KINDS)('an object kept with $isEncrypted encryption and $isCompressed compression', (kind) => {
  it('gives any range of its parts, from one read of the stored bytes', async () => {
    const parts = [{ number: 1, bytes: randomBytes(200_000) }, { number: 2, bytes: randomBytes(65_536) }, { number: 9, bytes: randomBytes(131_073) }];
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes));
    const made = make(parts, { ...kind, isMultipart: true });
    expect(isTransformed(made.object)).toBe(true);
    expect(clientSize(made.object)).toBe(whole.length);
    expect((await read(made)).bytes.equals(whole)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(whole.length), fc.integer({ min: 1, max: 150_000 }), async (a, b, piece) => {
        const range = { start: Math.min(a, b), length: Math.abs(a - b) };
        const { bytes, storedBytes } = await read(made, range, piece);
        expect(bytes.equals(whole.subarray(range.start, range.start + range.length))).toBe(true);
        if (!kind.isCompressed) expect(storedBytes).toBeLessThan(range.length + 4 * 65_568);
      }),
      { numRuns: 40 },
    );
  });

  it('of one part, and of none, comes back', async () => {
    const bytes = randomBytes(100_000);
    expect((await read(make([{ number: 1, bytes }], { ...kind, isMultipart: false }))).bytes.equals(bytes)).toBe(true);
    expect((await read(make([], { ...kind, isMultipart: false }))).bytes.length).toBe(0);
  });

  it('is never given otherwise than it was, whatever bit of it flips', async () => {
    const parts = [{ number: 1, bytes: randomBytes(70_000) }, { number: 2, bytes: randomBytes(3000) }];
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes));
    const made = make(parts, { ...kind, isMultipart: true });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(made.stored.length * 8 - 1), async (bit) => {
        const stored = Buffer.from(made.stored);
        stored[bit >> 3]! ^= 1 << (bit & 7);
        const got = await read({ ...made, stored }).catch((error: unknown) => (expect(error).toMatchObject({ code: 'content-corrupt' }), undefined));
        if (got === undefined) refused++;
        else expect(got.bytes.equals(whole)).toBe(true);
      }),
      { numRuns: 100 },
    );
    // Padding between chunks is not checked, and nothing is in it.
    expect(refused).toBeGreaterThan(50);
  });
});

it('a key for an object that needs none is refused', () => {
  const made = make([{ number: 1, bytes: randomBytes(10) }], { isEncrypted: false, isCompressed: true, isMultipart: false });
  expect(() => new Content(made.object, NAME, { customer })).toThrow(expect.objectContaining({ code: 'customer-key-needless' }));
});
