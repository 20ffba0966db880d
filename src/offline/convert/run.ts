/**
 * Brings all buckets of one store to another, version by version, oldest first, with ids, times, parts, metadata and settings; reads each
 * back and compares. What is there already is only compared, so that a second run completes what a first one began.
 */
import { createHash } from 'node:crypto';
import { StorageError } from '../../base/index.js';
import { S3Error } from '../../client/index.js';
import type { BucketSettings, VersionInfo } from '../../store/index.js';
import type { SourceStore } from './open-drives.js';
import type { ConvertTarget, Difference, SettingNote } from './target.js';

export interface ConvertTotals {
  bucketCount: number;
  /** Versions and stored bytes there are; delete markers count as versions. */
  versionCount: number;
  sizeBytes: number;
  /** Brought or found there, read back, and the same. */
  doneCount: number;
  doneBytes: number;
  /** Of those, the ones that were there already. */
  foundCount: number;
}

export interface ConvertFailure {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly reason: string;
}

export interface ConvertDifference {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly what: readonly Difference[];
}

export interface ConvertListener {
  /** Before a version is brought. */
  onVersion(name: string, totals: ConvertTotals): void;
  onFailure(failure: ConvertFailure): void;
  /** The target has a version, but could not be given all of what it was. */
  onDifference(difference: ConvertDifference): void;
}

function noTotals(): ConvertTotals {
  return { bucketCount: 0, versionCount: 0, sizeBytes: 0, doneCount: 0, doneBytes: 0, foundCount: 0 };
}

const KEYS_AT_ONCE = 4;
const PAGE_SIZE = 1000;

interface Counted {
  readonly totals: ConvertTotals;
  /** Another one where any version came, went or changed. */
  readonly fingerprint: string;
}

/** What there is to bring. */
export async function countSource(source: SourceStore, signal: AbortSignal): Promise<Counted> {
  const totals = noTotals();
  const hash = createHash('sha256');
  for (const { name } of await source.listBuckets()) {
    totals.bucketCount++;
    hash.update(`${JSON.stringify(name)}\n`);
    for await (const versions of keysOf(source, name, signal)) {
      totals.versionCount += versions.length;
      for (const version of versions) {
        const { key, versionId, kind, modTimeNs } = version;
        const size = kind === 'object' ? version.size : 0;
        totals.sizeBytes += size;
        hash.update(`${JSON.stringify([key, versionId, kind, String(modTimeNs), size])}\n`);
      }
    }
  }
  return { totals, fingerprint: hash.digest('hex') };
}

interface ConvertOutcome {
  readonly failures: readonly ConvertFailure[];
  /** Versions by what they have other than before. */
  readonly differences: ReadonlyMap<Difference, number>;
  readonly notes: readonly SettingNote[];
}

/** Throws for what concerns a whole bucket, and aborted. */
export async function convert(source: SourceStore, target: ConvertTarget, totals: ConvertTotals, listener: ConvertListener, signal: AbortSignal): Promise<ConvertOutcome> {
  const outcome = { failures: [] as ConvertFailure[], differences: new Map<Difference, number>(), notes: [] as SettingNote[] };
  for (const { name } of await source.listBuckets()) {
    const settings = await source.bucketSettings(name);
    outcome.notes.push(...(await target.beginBucket(name, settings)));
    const running = new Set<Promise<void>>();
    const mishaps: unknown[] = [];
    for await (const versions of keysOf(source, name, signal)) {
      const work: Promise<void> = convertKey(versions, { target, bucket: name, settings, totals, listener, outcome })
        .catch((error: unknown) => void mishaps.push(error))
        .finally(() => running.delete(work));
      running.add(work);
      if (running.size >= KEYS_AT_ONCE) await Promise.race(running);
      if (mishaps.length > 0) break;
    }
    await Promise.all(running);
    if (mishaps.length > 0) throw mishaps[0];
    await target.endBucket(name, settings);
  }
  return outcome;
}

interface KeyWork {
  readonly target: ConvertTarget;
  readonly bucket: string;
  readonly settings: BucketSettings;
  readonly totals: ConvertTotals;
  readonly listener: ConvertListener;
  readonly outcome: { readonly failures: ConvertFailure[]; readonly differences: Map<Difference, number> };
}

/** The versions of one key, newest first. */
async function convertKey(versions: readonly VersionInfo[], { target, bucket, settings, totals, listener, outcome }: KeyWork): Promise<void> {
  const fail = (version: VersionInfo, error: unknown): void => {
    const isExpected = error instanceof S3Error || (error instanceof StorageError && error.code !== 'aborted');
    if (!isExpected) throw error;
    const failure = { bucket, key: version.key, versionId: version.versionId, reason: error.message };
    outcome.failures.push(failure);
    listener.onFailure(failure);
  };
  const keyTarget = await target.key(bucket, settings, versions);
  for (const version of [...versions].reverse()) {
    listener.onVersion(`${bucket}/${version.key}`, totals);
    try {
      const { isFound, differences } = await keyTarget.take(version);
      if (isFound) totals.foundCount++;
      totals.doneCount++;
      if (version.kind === 'object') totals.doneBytes += version.size;
      if (differences.length > 0) listener.onDifference({ bucket, key: version.key, versionId: version.versionId, what: differences });
      for (const difference of differences) outcome.differences.set(difference, (outcome.differences.get(difference) ?? 0) + 1);
    } catch (error) {
      fail(version, error);
    }
  }
}

/** All versions of each key in turn. */
async function* keysOf(source: SourceStore, bucket: string, signal: AbortSignal): AsyncGenerator<readonly VersionInfo[], void> {
  let marker: { after: string; afterVersionId?: string } = { after: '' };
  let current: VersionInfo[] = [];
  for (;;) {
    if (signal.aborted) throw new StorageError('aborted', 'The conversion was stopped; the same command goes on with it');
    const page = await source.listVersions(bucket, { prefix: '', delimiter: '', limit: PAGE_SIZE, ...marker });
    for (const version of page.versions) {
      if (current.length > 0 && current[0]?.key !== version.key) {
        yield current;
        current = [];
      }
      current.push(version);
    }
    if (!page.isTruncated || page.nextKey === undefined) break;
    marker = { after: page.nextKey, ...(page.nextVersionId !== undefined && { afterVersionId: page.nextVersionId }) };
  }
  if (current.length > 0) yield current;
}
