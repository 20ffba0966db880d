/**
 * The checksum that `--checksum` adds to uploads, so that the server verifies what it got and keeps it with the object.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { UsageError } from '../../base/index.js';

export type ChecksumName = 'CRC64NVME' | 'CRC32' | 'CRC32C' | 'SHA1' | 'SHA256' | 'MD5';

/** A checksum over one request's bytes. */
export interface ComputedChecksum {
  /** Header that goes with a PUT or a part. */
  readonly headers: Readonly<Record<string, string>>;
  /** The part's element in the completion; empty for MD5, which S3 does not keep. */
  readonly element: Readonly<Record<string, string>>;
}

export interface Checksum {
  readonly name: ChecksumName;
  /** For CreateMultipartUpload: CRC64NVME covers the whole object, the others are composed of the parts'. */
  readonly uploadHeaders: Readonly<Record<string, string>>;
  readonly completeHeaders: Readonly<Record<string, string>>;
  /** Reads `source` to its end. */
  compute(source: AsyncIterable<Uint8Array>): Promise<ComputedChecksum>;
}

/** CRC-32C (Castagnoli) and CRC-64/NVME, reflected. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = '9a6c9329ac4bc9b5';

interface Hash {
  update(chunk: Uint8Array): void;
  digest(): Uint8Array;
}

async function openHash(name: ChecksumName): Promise<Hash> {
  if (name === 'SHA1' || name === 'SHA256' || name === 'MD5') {
    const hash = createHash(name);
    return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
  }
  if (name === 'CRC32') {
    let value = 0;
    return {
      update: (chunk) => {
        // Of an empty chunk without memory of its own zlib makes 0, whatever came before.
        if (chunk.length > 0) value = crc32(chunk, value);
      },
      digest: () => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32BE(value);
        return bytes;
      },
    };
  }
  const { createCRC32, createCRC64 } = await import('hash-wasm');
  const hash = name === 'CRC32C' ? await createCRC32(CRC32C_POLYNOMIAL) : await createCRC64(CRC64NVME_POLYNOMIAL);
  hash.init();
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('binary') };
}

const NAMES: readonly ChecksumName[] = ['CRC64NVME', 'MD5', 'CRC32', 'CRC32C', 'SHA1', 'SHA256'];

/** The checksum of that name, in any case; undefined without a name. */
export function parseChecksum(text: string | undefined): Checksum | undefined {
  if (text === undefined || text === '') return undefined;
  const name = NAMES.find((candidate) => candidate === text.toUpperCase());
  if (!name) {
    throw new UsageError(`unknown checksum type: ${text}. Should be one of CRC64NVME, MD5, CRC32, CRC32C, SHA1 or SHA256`);
  }
  const isWhole = name === 'CRC64NVME';
  const isKept = name !== 'MD5';
  const type = isWhole ? 'FULL_OBJECT' : 'COMPOSITE';
  return {
    name,
    uploadHeaders: isKept ? { 'x-amz-checksum-algorithm': name, 'x-amz-checksum-type': type } : {},
    completeHeaders: isKept ? { 'x-amz-checksum-type': type } : {},
    compute: async (source) => {
      const hash = await openHash(name);
      for await (const chunk of source) hash.update(chunk);
      const value = Buffer.from(hash.digest()).toString('base64');
      return isKept
        ? { headers: { [`x-amz-checksum-${name.toLowerCase()}`]: value }, element: { [`Checksum${name}`]: value } }
        : { headers: { 'content-md5': value }, element: {} };
    },
  };
}
