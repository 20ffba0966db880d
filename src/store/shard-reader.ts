/**
 * One drive's part files of a version, in pieces that were verified: each frame by its own hash, a file of before 2019 as a whole,
 * before anything of it is used.
 */
import { StorageError, isStorageError } from '../base/index.js';
import type { DataReader } from '../drive/index.js';
import { FRAME_HASH_SIZE, shardFileSize, type Block } from '../erasure/index.js';
import { LEGACY_DATA_DIR, decodeVersion, entryDataDir, type FileHash, type ObjectVersion, type XlMeta, type XlVersionEntry } from '../format/index.js';
import { createFileHash, highwayHash256 } from '../hash/index.js';
import { sameBytes } from './quorum.js';

/** Bytes hashed before other work gets its turn. */
const SLICE_BYTES = 1024 * 1024;

/** A block of a part. */
interface PartBlock extends Block {
  readonly partNumber: number;
}

export class ShardReader {
  readonly #verified = new Map<number, Promise<void>>();

  /** `own`: the version as the record of the drive itself has it. */
  constructor(
    private readonly reader: DataReader,
    private readonly own: ObjectVersion,
  ) {}

  /**
   * Fills the piece behind the first FRAME_HASH_SIZE bytes of `frame`. `use` is told of each call that writes into it. Throws frame-corrupt, and
   * what the drive throws.
   */
  async read(block: PartBlock, frame: Uint8Array, use: (call: Promise<void>) => Promise<void>): Promise<void> {
    const { partNumber, index, frameOffset } = block;
    const piece = frame.subarray(FRAME_HASH_SIZE);
    const part = this.own.parts.find(({ number }) => number === partNumber);
    if (part?.fileHash === undefined) {
      await use(this.reader.read(partNumber, frameOffset, frame));
      if (!sameBytes(highwayHash256(piece), frame.subarray(0, FRAME_HASH_SIZE))) throw damaged(partNumber);
      return;
    }
    const isWhole = shardFileSize(part.size, this.own.erasure) === piece.length;
    if (!isWhole) await this.#verify(partNumber, part.size, part.fileHash);
    await use(this.reader.read(partNumber, frameOffset - index * FRAME_HASH_SIZE, piece));
    if (isWhole && !sameBytes(hashOf(piece, part.fileHash), part.fileHash.hash)) throw damaged(partNumber);
  }

  /** Shows that a part is there. */
  async check(partNumber: number): Promise<void> {
    const part = this.own.parts.find(({ number }) => number === partNumber);
    if (part?.fileHash === undefined) await this.reader.read(partNumber, 0, new Uint8Array(FRAME_HASH_SIZE));
    else await this.#verify(partNumber, part.size, part.fileHash);
  }

  close(): void {
    this.reader.close();
  }

  #verify(partNumber: number, partSize: number, fileHash: FileHash): Promise<void> {
    let verified = this.#verified.get(partNumber);
    if (verified === undefined) {
      verified = verifyFile(this.reader, partNumber, shardFileSize(partSize, this.own.erasure), fileHash);
      verified.catch(() => undefined);
      this.#verified.set(partNumber, verified);
    }
    return verified;
  }
}

/** Checks a part file of `fileSizeBytes` against its hash. Throws frame-corrupt where it does not match, and what the drive throws. */
export async function verifyFile(reader: DataReader, partNumber: number, fileSizeBytes: number, fileHash: FileHash): Promise<void> {
  const hasher = createFileHash(fileHash.algorithm);
  // Memory of its own: a call that hangs may write into it at any time to come.
  const memory = new Uint8Array(new SharedArrayBuffer(Math.min(SLICE_BYTES, fileSizeBytes)));
  for (let at = 0; at < fileSizeBytes; at += memory.length) {
    const slice = memory.subarray(0, Math.min(memory.length, fileSizeBytes - at));
    await reader.read(partNumber, at, slice);
    hasher.update(slice);
  }
  if (!sameBytes(hasher.digest(), fileHash.hash)) throw damaged(partNumber);
}

/** The version as a drive's own record has it; undefined where the record is needed to read its files and is not there. */
export function ownVersion(meta: XlMeta | undefined, entry: XlVersionEntry, version: ObjectVersion): ObjectVersion | undefined {
  const own = meta?.versions.find(({ header }) => header.versionId === version.versionId && header.modTimeNs === version.modTimeNs);
  if (version.dataDir === LEGACY_DATA_DIR) return own?.header.type === 'legacy' ? decodeOwn(own) : undefined;
  if (own === undefined || sameBytes(own.headerBytes, entry.headerBytes)) return version;
  return { ...version, dataDir: entryDataDir(own) ?? version.dataDir };
}

function decodeOwn(entry: XlVersionEntry): ObjectVersion | undefined {
  try {
    const version = decodeVersion(entry);
    return version.kind === 'object' ? version : undefined;
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

function hashOf(bytes: Uint8Array, { algorithm }: FileHash): Uint8Array {
  const hasher = createFileHash(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

function damaged(partNumber: number): StorageError {
  return new StorageError('frame-corrupt', `part.${partNumber} does not match its bitrot hash`);
}
