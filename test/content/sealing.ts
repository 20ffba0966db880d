/** Writers of what MinIO keeps, from the description of the formats: encrypted packages and compressed frames. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { maskedCrc } from '../../src/content/s2/frames.js';

interface SealOptions {
  readonly cipher?: 0 | 1;
  readonly version?: 1 | 2;
}

export function seal(plain: Uint8Array, key: Uint8Array, { cipher = 0, version = 2 }: SealOptions = {}): Buffer {
  const stream = randomBytes(12);
  stream[0]! &= 0x7f;
  const packages: Buffer[] = [];
  for (let at = 0, number = 0; at < plain.length; at += 65_536, number++) {
    const payload = plain.subarray(at, at + 65_536);
    const header = Buffer.alloc(16);
    header[0] = version << 4;
    header[1] = cipher;
    header.writeUInt16LE(payload.length - 1, 2);
    stream.copy(header, 4);
    if (version === 1) header.writeUInt32LE(number, 4);
    else if (at + payload.length === plain.length) header[4]! |= 0x80;
    const nonce = Buffer.from(header.subarray(4));
    if (version === 2) nonce.writeUInt32LE((nonce.readUInt32LE(8) ^ number) >>> 0, 8);
    const options = { authTagLength: 16 };
    const sealer = cipher === 0 ? createCipheriv('aes-256-gcm', key, nonce, options) : createCipheriv('chacha20-poly1305', key, nonce, options);
    sealer.setAAD(header.subarray(0, 4), { plaintextLength: payload.length });
    const sealed = Buffer.concat([sealer.update(payload), sealer.final()]);
    packages.push(header, sealed, sealer.getAuthTag());
  }
  return Buffer.concat(packages);
}

export async function* streamOf(bytes: Uint8Array, piece = 10_000): AsyncGenerator<Uint8Array, void> {
  // One buffer for all pieces: what is not copied in time is overwritten.
  const shared = new Uint8Array(piece);
  for (let at = 0; at < bytes.length; at += piece) {
    await Promise.resolve();
    const part = bytes.subarray(at, at + piece);
    shared.set(part);
    yield shared.subarray(0, part.length);
    shared.fill(0xee);
  }
}

export function chunk(type: number, body: Uint8Array): Buffer {
  const header = Buffer.from([type, body.length & 0xff, (body.length >> 8) & 0xff, body.length >> 16]);
  return Buffer.concat([header, body]);
}

export const S2_BEGIN = chunk(0xff, Buffer.from('S2sTwO'));

/** A chunk of data: `block` where it is compressed. */
export function dataChunk(bytes: Uint8Array, block?: Uint8Array): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(maskedCrc(bytes));
  return chunk(block === undefined ? 1 : 0, Buffer.concat([crc, block ?? bytes]));
}

export function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push((left % 128) | (left >= 128 ? 0x80 : 0));
    if (left < 128) return Buffer.from(bytes);
  }
}

/** What an element says, and the element: see the table of `s2/block.ts`. */
export type Element =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array; readonly extra: 0 | 1 | 2 | 3 | 4 }
  | { readonly kind: 'copy'; readonly form: 1 | 2 | 3; readonly offset: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly length: number };

/** Encodes elements that fit what came before them; leaves out those that do not. */
export function encodeBlock(elements: readonly Element[]): { readonly block: Buffer; readonly bytes: Buffer } {
  const encoded: Buffer[] = [];
  const bytes: number[] = [];
  let last = 0;
  const copy = (offset: number, length: number): void => {
    for (let i = 0; i < length; i++) bytes.push(bytes[bytes.length - offset]!);
    last = offset;
  };
  for (const element of elements) {
    if (element.kind === 'literal') {
      const { length } = element.bytes;
      if (length === 0) continue;
      const extra = Math.max(element.extra, length <= 60 ? 0 : length <= 256 ? 1 : 2);
      const head = extra === 0 ? Buffer.from([(length - 1) << 2]) : Buffer.from([(59 + extra) << 2, ...Array.from({ length: extra }, (_, i) => ((length - 1) >> (8 * i)) & 0xff)]);
      encoded.push(head, Buffer.from(element.bytes));
      bytes.push(...element.bytes);
    } else if (element.kind === 'repeat') {
      if (last === 0) continue;
      encoded.push(encodeRepeat(element.length));
      copy(last, element.length);
    } else {
      const offset = bytes.length === 0 ? 0 : 1 + (element.offset % bytes.length);
      const { form } = element;
      if (offset === 0 || (form === 1 && offset > 2047) || (form === 2 && offset > 65_535)) continue;
      const length = form === 1 ? 4 + (element.length % 8) : 1 + (element.length % 64);
      if (form === 1) encoded.push(Buffer.from([((offset >> 8) << 5) | ((length - 4) << 2) | 1, offset & 0xff]));
      else encoded.push(Buffer.from([((length - 1) << 2) | form, ...Array.from({ length: form === 2 ? 2 : 4 }, (_, i) => (offset >> (8 * i)) & 0xff)]));
      copy(offset, length);
    }
  }
  return { block: Buffer.concat([uvarint(bytes.length), ...encoded]), bytes: Buffer.from(bytes) };
}

function encodeRepeat(length: number): Buffer {
  const tag = (code: number, extra: number, value: number): Buffer => Buffer.from([(code << 2) | 1, 0, ...Array.from({ length: extra }, (_, i) => (value >> (8 * i)) & 0xff)]);
  if (length <= 8) return tag(length - 4, 0, 0);
  if (length < 264) return tag(5, 1, length - 8);
  if (length < 65_796) return tag(6, 2, length - 260);
  return tag(7, 3, length - 65_540);
}
