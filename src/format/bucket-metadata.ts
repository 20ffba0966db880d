/**
 * `.minio.sys/buckets/<bucket>/.metadata.bin`: u16 LE 1, u16 LE 1, then a msgpack map of 25 members: `Name` str, `Created`
 * time, `LockEnabled` bool (obsolete), eleven documents (bin, empty where not set), and for each the time of its last
 * change. Releases of 2020 wrote 10 of these members, 2021 14.
 */
import { corrupt } from './corrupt.js';
import { eachMember, MsgpackReader } from './msgpack/reader.js';
import { MsgpackWriter } from './msgpack/writer.js';
import { ZERO_TIME_NS } from './time.js';

const HEAD = Uint8Array.of(1, 0, 1, 0);

/** The documents in the order of the file, by their member names. */
const DOCUMENTS = [
  'PolicyConfigJSON',
  'NotificationConfigXML',
  'LifecycleConfigXML',
  'ObjectLockConfigXML',
  'VersioningConfigXML',
  'EncryptionConfigXML',
  'TaggingConfigXML',
  'QuotaConfigJSON',
  'ReplicationConfigXML',
  'BucketTargetsConfigJSON',
  'BucketTargetsConfigMetaJSON',
] as const;

/** The times of change in the order of the file, each with its document. */
const CHANGE_TIMES: readonly (readonly [member: string, document: BucketDocumentName])[] = [
  ['PolicyConfigUpdatedAt', 'PolicyConfigJSON'],
  ['ObjectLockConfigUpdatedAt', 'ObjectLockConfigXML'],
  ['EncryptionConfigUpdatedAt', 'EncryptionConfigXML'],
  ['TaggingConfigUpdatedAt', 'TaggingConfigXML'],
  ['QuotaConfigUpdatedAt', 'QuotaConfigJSON'],
  ['ReplicationConfigUpdatedAt', 'ReplicationConfigXML'],
  ['VersioningConfigUpdatedAt', 'VersioningConfigXML'],
  ['LifecycleConfigUpdatedAt', 'LifecycleConfigXML'],
  ['NotificationConfigUpdatedAt', 'NotificationConfigXML'],
  ['BucketTargetsConfigUpdatedAt', 'BucketTargetsConfigJSON'],
  ['BucketTargetsConfigMetaUpdatedAt', 'BucketTargetsConfigMetaJSON'],
];
const DOCUMENT_NAMES: ReadonlySet<string> = new Set(DOCUMENTS);
const DOCUMENT_OF_TIME = new Map(CHANGE_TIMES);

export type BucketDocumentName = (typeof DOCUMENTS)[number];

export interface BucketDocument {
  /** XML or JSON as stored; empty where it is not set. */
  readonly bytes: Uint8Array;
  /** ZERO_TIME_NS: as old as the bucket. */
  readonly updatedNs: bigint;
}

export interface BucketMetadata {
  readonly name: string;
  /** ZERO_TIME_NS where nobody knows. */
  readonly createdNs: bigint;
  /** Obsolete: true in files of early 2020 means object lock and versioning. */
  readonly isLockEnabled: boolean;
  /** A missing document is not set. */
  readonly documents: ReadonlyMap<BucketDocumentName, BucketDocument>;
  /** Members of other releases, encoded, to be written back as they are. */
  readonly unknown?: ReadonlyMap<string, Uint8Array>;
}

/** True for the name of one of the eleven documents. */
export function isBucketDocumentName(name: string): name is BucketDocumentName {
  return DOCUMENT_NAMES.has(name);
}

/** Decodes a file of any release since 2020-05. Throws metadata-corrupt. */
export function decodeBucketMetadata(bytes: Uint8Array): BucketMetadata {
  const [format, , version] = bytes;
  if (bytes.length < 5 || format !== 1 || version !== 1 || bytes[1] !== 0 || bytes[3] !== 0) {
    throw corrupt('.metadata.bin does not begin with format 1, version 1');
  }
  const reader = new MsgpackReader(bytes, HEAD.length);
  const head = { name: '', createdNs: ZERO_TIME_NS, isLockEnabled: false };
  const contents = new Map<BucketDocumentName, Uint8Array>();
  const times = new Map<BucketDocumentName, bigint>();
  const unknown = new Map<string, Uint8Array>();
  eachMember(reader, (name) => {
    const timed = DOCUMENT_OF_TIME.get(name);
    if (isBucketDocumentName(name)) contents.set(name, reader.takeNil() ? new Uint8Array(0) : reader.bin());
    else if (timed !== undefined) times.set(timed, reader.time());
    else if (name === 'Name') head.name = reader.text();
    else if (name === 'Created') head.createdNs = reader.time();
    else if (name === 'LockEnabled') head.isLockEnabled = reader.bool();
    else unknown.set(name, reader.raw());
    return true;
  });
  const documents = new Map<BucketDocumentName, BucketDocument>();
  for (const name of DOCUMENTS) {
    const content = contents.get(name);
    const updatedNs = times.get(name);
    if (content !== undefined || updatedNs !== undefined) {
      documents.set(name, { bytes: content ?? new Uint8Array(0), updatedNs: updatedNs ?? ZERO_TIME_NS });
    }
  }
  return { ...head, documents, ...(unknown.size > 0 && { unknown }) };
}

/** As RELEASE.2025-10-15 writes it. */
export function encodeBucketMetadata(metadata: BucketMetadata): Uint8Array {
  const { documents, unknown = new Map<string, Uint8Array>() } = metadata;
  const writer = new MsgpackWriter(1024);
  writer.raw(HEAD);
  writer.mapLength(3 + 2 * DOCUMENTS.length + unknown.size);
  writer.text('Name');
  writer.text(metadata.name);
  writer.text('Created');
  writer.time(metadata.createdNs);
  writer.text('LockEnabled');
  writer.bool(metadata.isLockEnabled);
  for (const name of DOCUMENTS) {
    writer.text(name);
    writer.bin(documents.get(name)?.bytes ?? new Uint8Array(0));
  }
  for (const [member, name] of CHANGE_TIMES) {
    writer.text(member);
    writer.time(documents.get(name)?.updatedNs ?? ZERO_TIME_NS);
  }
  for (const [name, value] of unknown) {
    writer.text(name);
    writer.raw(value);
  }
  return writer.view();
}
