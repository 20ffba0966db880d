/**
 * xl.json: the metadata of an object of 2016 to mid 2020, one JSON document beside its part files.
 *
 * | member                 | meaning                                                                                        |
 * |------------------------|------------------------------------------------------------------------------------------------|
 * | `version`, `format`    | `1.0.0` (2016) or `1.0.1`; `xl`                                                                |
 * | `stat`                 | {`size` bytes as stored, 0 in an unfinished upload; `modTime` RFC 3339}                        |
 * | `erasure`              | {`algorithm`, `data`, `parity`, `blockSize`, `index` of this drive from 1, `distribution`, `checksum`} |
 * | `erasure.checksum`     | [{`name` "part.N", `algorithm` (see below), `hash` hex}]                                       |
 * | `minio`                | {`release`}                                                                                    |
 * | `meta`                 | client's and internal metadata, `etag` among them                                              |
 * | `parts`                | [{`number`, `name` (to 2019), `etag`, `size`, `actualSize` (since 2018-09)}]                   |
 *
 * | checksum algorithm | releases                | the hash covers                        |
 * |--------------------|-------------------------|----------------------------------------|
 * | `sha256`           | some of 2017            | the whole part file                    |
 * | `blake2b`          | 2016 to early 2018      | the whole part file                    |
 * | `highwayhash256`   | 2018                    | the whole part file                    |
 * | `highwayhash256S`  | since 2019              | each frame, in the part file; no `hash` |
 */
import { FILE_HASH_SIZES, type FileHashAlgorithm } from '../hash/index.js';
import { corrupt } from './corrupt.js';
import { JsonDocument } from './json-document.js';
import type { ErasureLayout, FileHash } from './model.js';
import { rfc3339ToNs } from './time.js';
import { checkLayout } from './xl-meta/layout.js';

/** What an xl.json says, in its own terms. */
export interface XlJson {
  readonly version: string;
  readonly size: number;
  readonly modTimeNs: bigint;
  readonly algorithm: string;
  readonly erasure: ErasureLayout;
  /** Of the drive that has the file, from 1. */
  readonly shardIndex: number;
  readonly release: string;
  readonly meta: ReadonlyMap<string, string>;
  readonly parts: readonly XlJsonPart[];
}

export interface XlJsonPart {
  readonly number: number;
  readonly size: number;
  /** The client's bytes, -1 where the release did not note it. */
  readonly actualSize: number;
  readonly etag: string;
  /** Of this drive's part file; undefined where it is in frames. */
  readonly fileHash: FileHash | undefined;
}

const FRAMED = 'highwayhash256S';

/** Decodes an xl.json of any release; unknown members are passed over. Throws metadata-corrupt, saying what is wrong. */
export function decodeXlJson(bytes: Uint8Array): XlJson {
  const document = JsonDocument.parse(bytes, 'xl.json');
  const version = document.text('version');
  if (version !== '1.0.0' && version !== '1.0.1') throw corrupt(`xl.json is of version "${version.slice(0, 20)}"; 1.0.0 and 1.0.1 are known`);
  if (document.text('format') !== 'xl') throw corrupt('xl.json is not of the format "xl"');
  const stat = document.object('stat');
  const modTimeNs = rfc3339ToNs(stat.text('modTime'));
  if (modTimeNs === undefined || modTimeNs <= 0n || modTimeNs >= 2n ** 63n) throw corrupt('xl.json has no mod time');
  const coding = document.object('erasure');
  const erasure = checkLayout({
    dataShards: coding.size('data'),
    parityShards: coding.size('parity'),
    blockSizeBytes: coding.size('blockSize'),
    distribution: coding.sizes('distribution'),
  });
  const shardIndex = coding.size('index');
  if (!erasure.distribution.includes(shardIndex)) throw corrupt(`xl.json is of shard ${shardIndex} of ${erasure.distribution.length}`);
  const checksums = new Map(coding.objects('checksum').map((checksum) => [checksum.text('name'), fileHashOf(checksum)]));
  const parts = document.objects('parts').map((part) => partOf(part, checksums));
  const release = document.has('minio') ? document.object('minio').optionalText('release') : '';
  return { version, size: stat.size('size'), modTimeNs, algorithm: coding.optionalText('algorithm'), erasure, shardIndex, release, meta: document.texts('meta'), parts };
}

function partOf(part: JsonDocument, checksums: ReadonlyMap<string, FileHash | undefined>): XlJsonPart {
  const number = part.size('number');
  if (number < 1) throw corrupt(`xl.json has a part ${number}`);
  return { number, size: part.size('size'), actualSize: part.optionalInteger('actualSize'), etag: part.optionalText('etag'), fileHash: checksums.get(`part.${number}`) };
}

function fileHashOf(checksum: JsonDocument): FileHash | undefined {
  const name = checksum.text('algorithm');
  if (name === FRAMED) return undefined;
  const algorithm = (Object.keys(FILE_HASH_SIZES) as FileHashAlgorithm[]).find((known) => known === name);
  if (algorithm === undefined) throw corrupt(`xl.json names the unknown bitrot algorithm "${name.slice(0, 20)}"`);
  const hash = new Uint8Array(Buffer.from(checksum.text('hash'), 'hex'));
  if (hash.length !== FILE_HASH_SIZES[algorithm]) throw corrupt(`xl.json has a ${algorithm} hash of ${hash.length} bytes`);
  return { algorithm, hash };
}
