/**
 * A bucket's settings: one system object, `.minio.sys/buckets/<bucket>/.metadata.bin`, kept in memory once read.
 */
import { isStorageError } from '../base/index.js';
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
import type { BucketSettings, Versioning } from './types.js';

/** Whole small objects below `.minio.sys`, at the highest parity. */
export interface SystemObjects {
  /** Throws object-not-found. */
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** Buckets whose settings stay in memory; the others are read again when they are asked for. */
const KNOWN_MAX = 10_000;

export class BucketSettingsFile {
  readonly #objects: SystemObjects;
  readonly #now: () => number;
  /** By bucket; undefined for one that has no settings object. */
  readonly #known = new Map<string, Promise<BucketMetadata | undefined>>();
  /** The last update of each bucket that is under way: updates of one bucket follow each other. */
  readonly #updates = new Map<string, Promise<void>>();

  constructor(objects: SystemObjects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

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

  async read(bucket: string): Promise<BucketSettings> {
    return settingsOf(await this.#metadata(bucket));
  }

  /** Replaces documents; an empty one unsets it. */
  async update(bucket: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const before = this.#updates.get(bucket) ?? Promise.resolve();
    const update = before.catch(() => undefined).then(() => this.#replaceDocuments(bucket, documents));
    this.#updates.set(bucket, update);
    try {
      await update;
    } finally {
      if (this.#updates.get(bucket) === update) this.#updates.delete(bucket);
    }
  }

  /** Forgets a bucket that is gone. */
  remove(bucket: string): void {
    this.#known.delete(bucket);
  }

  async #replaceDocuments(bucket: string, documents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const before = (await this.#metadata(bucket)) ?? { name: bucket, createdNs: ZERO_TIME_NS, isLockEnabled: false, documents: new Map() };
    const merged = new Map<BucketDocumentName, BucketDocument>(before.documents);
    const updatedNs = msToNs(this.#now());
    for (const [name, bytes] of documents) if (isBucketDocumentName(name)) merged.set(name, { bytes, updatedNs });
    await this.#write(bucket, { ...before, documents: merged });
  }

  async #write(bucket: string, metadata: BucketMetadata): Promise<void> {
    this.#known.delete(bucket);
    await this.#objects.write(pathOf(bucket), encodeBucketMetadata(metadata));
    this.#remember(bucket, Promise.resolve(metadata));
  }

  #metadata(bucket: string): Promise<BucketMetadata | undefined> {
    const known = this.#known.get(bucket);
    if (known !== undefined) return known;
    const reading = this.#load(bucket);
    this.#remember(bucket, reading);
    reading.catch(() => {
      if (this.#known.get(bucket) === reading) this.#known.delete(bucket);
    });
    return reading;
  }

  async #load(bucket: string): Promise<BucketMetadata | undefined> {
    try {
      return decodeBucketMetadata(await this.#objects.read(pathOf(bucket)));
    } catch (error) {
      if (isStorageError(error, 'object-not-found')) return undefined;
      throw error;
    }
  }

  #remember(bucket: string, metadata: Promise<BucketMetadata | undefined>): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(bucket, metadata);
  }
}

function pathOf(bucket: string): string {
  return `buckets/${bucket}/.metadata.bin`;
}

function document(root: string, content: string): string {
  return `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
}

function settingsOf(metadata: BucketMetadata | undefined): BucketSettings {
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
