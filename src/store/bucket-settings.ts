/**
 * A bucket's settings: one system object, `.minio.sys/buckets/<bucket>/.metadata.bin`, kept in memory once read.
 */
import { StorageError, isStorageError, type Clock } from '../base/index.js';
import {
  ZERO_TIME_NS,
  decodeBucketMetadata,
  encodeBucketMetadata,
  isBucketDocumentName,
  msToNs,
  nsToMs,
  type BucketDocument,
  type BucketDocumentName,
  type BucketMetadata,
} from '../format/index.js';
import { orUndefined, withOldFiles, type ReadSystemObject } from './old-bucket-files.js';
import type { BucketSettings, Versioning } from './types.js';

/** Whole small objects below `.minio.sys`, at the highest parity. */
export interface SystemObjects {
  /** Throws object-not-found. */
  read(path: string): Promise<Uint8Array>;
  /** As `read`, with the time of writing. */
  readDated: ReadSystemObject;
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** Buckets whose settings stay in memory; the others are read again when they are asked for. */
const KNOWN_MAX = 10_000;
/** Other servers say when they change settings; one that could not reach us at that moment is found out after this time. */
const SHARED_AGE_MAX_MS = 5000;

export interface BucketSettingsOptions {
  readonly objects: SystemObjects;
  readonly clock: Clock;
  /** Runs work while no other request, of this or another server, changes the bucket. */
  readonly exclusively: <T>(bucket: string, work: () => Promise<T>) => Promise<T>;
  /** Where other servers serve the same drives: resolves when those that answer have forgotten what they knew of the bucket. */
  readonly announce?: ((bucket: string) => Promise<void>) | undefined;
}

interface Known {
  readonly metadata: Promise<BucketMetadata | undefined>;
  readonly readMs: number;
}

export class BucketSettingsFile {
  /** By bucket; metadata undefined for one that has no settings object. */
  readonly #known = new Map<string, Known>();

  constructor(private readonly options: BucketSettingsOptions) {}

  create(
    bucket: string,
    options: { readonly createdMs: number; readonly versioning?: Versioning; readonly objectLock?: boolean },
  ): Promise<void> {
    const documents = new Map<BucketDocumentName, BucketDocument>();
    const set = (name: BucketDocumentName, xml: string): void => {
      documents.set(name, { bytes: Buffer.from(xml), updatedNs: msToNs(options.createdMs) });
    };
    if (options.objectLock === true) set('ObjectLockConfigXML', document('ObjectLockConfiguration', '<ObjectLockEnabled>Enabled</ObjectLockEnabled>'));
    const versioning = options.objectLock === true ? 'enabled' : options.versioning;
    if (versioning === 'enabled') set('VersioningConfigXML', document('VersioningConfiguration', '<Status>Enabled</Status>'));
    if (versioning === 'suspended') set('VersioningConfigXML', document('VersioningConfiguration', '<Status>Suspended</Status>'));
    return this.#write(bucket, { name: bucket, createdNs: msToNs(options.createdMs), isLockEnabled: false, documents });
  }

  /** Writes settings as they were elsewhere. */
  restore(bucket: string, { createdMs, documents }: Pick<BucketSettings, 'createdMs' | 'documents'>): Promise<void> {
    const createdNs = msToNs(createdMs);
    const kept = [...documents].flatMap(([name, bytes]) => (isBucketDocumentName(name) ? [[name, { bytes, updatedNs: createdNs }] as const] : []));
    return this.options.exclusively(bucket, () => this.#write(bucket, { name: bucket, createdNs, isLockEnabled: false, documents: new Map(kept) }));
  }

  async read(bucket: string): Promise<BucketSettings> {
    return settingsOf(await this.#metadata(bucket));
  }

  /** True where the bucket has a settings object, as every bucket has that was made since 2020. Throws read-quorum. */
  async isThere(bucket: string): Promise<boolean> {
    this.forget(bucket);
    return (await this.#metadata(bucket)) !== undefined;
  }

  /** Replaces documents; an empty one unsets it. */
  async update(bucket: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.options.exclusively(bucket, () => this.#replaceDocuments(bucket, documents));
  }

  /** The bucket is gone; the other servers hear of it. */
  async remove(bucket: string): Promise<void> {
    this.forget(bucket);
    await this.options.announce?.(bucket);
  }

  /** Has what is known of a bucket read again. */
  forget(bucket: string): void {
    this.#known.delete(bucket);
  }

  async #replaceDocuments(bucket: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (this.options.announce !== undefined) this.forget(bucket);
    const before = (await this.#metadata(bucket)) ?? { name: bucket, createdNs: ZERO_TIME_NS, isLockEnabled: false, documents: new Map() };
    const merged = new Map<BucketDocumentName, BucketDocument>(before.documents);
    const updatedNs = msToNs(this.options.clock.now());
    for (const [name, bytes] of documents) if (isBucketDocumentName(name)) merged.set(name, { bytes, updatedNs });
    await this.#write(bucket, { ...before, documents: merged });
  }

  async #write(bucket: string, metadata: BucketMetadata): Promise<void> {
    this.#known.delete(bucket);
    await this.options.objects.write(pathOf(bucket), encodeBucketMetadata(metadata));
    this.#remember(bucket, Promise.resolve(metadata));
    await this.options.announce?.(bucket);
  }

  #metadata(bucket: string): Promise<BucketMetadata | undefined> {
    const known = this.#known.get(bucket);
    if (known !== undefined && (this.options.announce === undefined || this.options.clock.monotonicMs() - known.readMs < SHARED_AGE_MAX_MS)) return known.metadata;
    const reading = this.#load(bucket);
    this.#remember(bucket, reading);
    reading.catch(() => {
      if (this.#known.get(bucket)?.metadata === reading) this.#known.delete(bucket);
    });
    return reading;
  }

  async #load(bucket: string): Promise<BucketMetadata | undefined> {
    const { objects } = this.options;
    try {
      const bytes = await orUndefined(objects.read(pathOf(bucket)));
      return await withOldFiles(bucket, bytes === undefined ? undefined : decodeBucketMetadata(bytes), objects.readDated);
    } catch (error) {
      // It is the bucket that cannot be told about; nobody asked for the object that its settings are in.
      if (isStorageError(error, 'read-quorum')) throw new StorageError('read-quorum', `The settings of the bucket ${bucket} cannot be read: ${error.message}`, { bucket, cause: error });
      throw error;
    }
  }

  #remember(bucket: string, metadata: Promise<BucketMetadata | undefined>): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(bucket, { metadata, readMs: this.options.clock.monotonicMs() });
  }
}

function pathOf(bucket: string): string {
  return `buckets/${bucket}/.metadata.bin`;
}

function document(root: string, content: string): string {
  return `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
}

/** What the doors see of a bucket's settings; undefined: it has none. */
export function settingsOf(metadata: BucketMetadata | undefined): BucketSettings {
  const documents = new Map<string, Uint8Array>();
  for (const [name, { bytes }] of metadata?.documents ?? []) if (bytes.length > 0) documents.set(name, bytes);
  const isLocked = metadata?.isLockEnabled === true || documents.has('ObjectLockConfigXML');
  return {
    createdMs: nsToMs(metadata?.createdNs ?? ZERO_TIME_NS),
    versioning: isLocked ? 'enabled' : versioningOf(documents.get('VersioningConfigXML')),
    objectLockEnabled: isLocked,
    documents,
  };
}

function versioningOf(xml: Uint8Array | undefined): Versioning {
  const status = /<Status>\s*(\w+)\s*<\/Status>/.exec(Buffer.from(xml ?? []).toString('utf8'))?.[1];
  return status === 'Enabled' ? 'enabled' : status === 'Suspended' ? 'suspended' : 'unversioned';
}
