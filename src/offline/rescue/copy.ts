/** Takes objects off drives: of each key the best version that can be read, or all of them. */
import { isStorageError, StorageError } from '../../base/index.js';
import type { ObjectVersion } from '../../format/index.js';
import { nsToMs } from '../../format/index.js';
import { clientEtag, clientSize, isTransformed } from '../../content/index.js';
import { inOrder, type SalvagedVersion, type SalvageRead } from '../../store/index.js';
import { etagOf } from '../etag-check.js';
import { clientRead, obstacleOf, type RescueRead } from './content.js';
import type { KeysFor } from './content-keys.js';
import { latestOf, rescuedKeys, type KeyInSet, type KeysOptions, type RescuedKey } from './keys.js';
import type { Rescue } from './open.js';
import { whyOf } from './scan.js';

export interface Hole {
  readonly start: number;
  readonly length: number;
}

/** One version to be saved. */
export interface CopyJob {
  readonly bucket: string;
  readonly key: string;
  readonly isLatest: boolean;
  readonly modTime: Date;
  readonly read: RescueRead;
  readonly signal: AbortSignal | undefined;
}

/** Where what is saved goes. */
export interface CopySink {
  /** Stores the version whole; says where, and `present` where it was there already. Rejects with read-quorum or checksum-mismatch where the drives do not give it. */
  write(job: CopyJob): Promise<{ readonly target: string; readonly isPresent: boolean }>;
  /** Stores what can be read; absent where the sink takes whole objects only. */
  writePartial?(job: CopyJob): Promise<{ readonly target: string; readonly holes: readonly Hole[] }>;
  /** Notes a delete marker, in its turn among the versions. */
  writeMarker?(bucket: string, key: string): Promise<string>;
}

export interface CopyResult {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** `older`: the newest version is lost, this is the one before it. `partial`: with holes. */
  readonly outcome: 'copied' | 'present' | 'older' | 'partial' | 'lost' | 'failed' | 'marker';
  readonly size: number;
  readonly modTime: Date;
  readonly etag: string;
  readonly metaUser: ReadonlyMap<string, string>;
  readonly target: string;
  readonly holes: readonly Hole[];
  /** Why it is not simply `copied`; empty where it is. */
  readonly why: string;
}

export interface CopyOptions extends Omit<KeysOptions, 'scan'> {
  readonly allVersions: boolean;
  readonly isPartial: boolean;
  readonly sink: CopySink;
  readonly keysFor: KeysFor;
}

/** Objects being saved at once. */
const UNDER_WAY = 16;

/** Results in the order of the keys. Throws aborted. */
export async function* copyBucket(rescue: Rescue, bucket: string, options: CopyOptions): AsyncGenerator<CopyResult, void> {
  for await (const results of inOrder(rescuedKeys(rescue, bucket, { ...options, scan: 'normal' }), UNDER_WAY, (key) => (options.allVersions ? copyVersions(key, options) : copyBest(key, options)))) yield* results;
}

interface Candidate {
  readonly place: KeyInSet;
  readonly salvaged: SalvagedVersion;
}

/** Objects of a key, newest first; leftovers last, for they were never wanted or are no longer. */
function objectsOf({ places }: RescuedKey): Candidate[] {
  const all = places.flatMap((place) => place.versions.filter(({ version }) => version.kind === 'object').map((salvaged) => ({ place, salvaged })));
  return all.sort((a, b) => Number(isLeftover(a)) - Number(isLeftover(b)) || Number(b.salvaged.entry.header.modTimeNs - a.salvaged.entry.header.modTimeNs));
}

function isLeftover({ salvaged }: Candidate): boolean {
  return salvaged.verdict === 'leftover';
}

async function copyBest(key: RescuedKey, options: CopyOptions): Promise<CopyResult[]> {
  const latest = latestOf(key);
  if (latest?.salvaged.version.kind === 'delete-marker') return [];
  const objects = objectsOf(key);
  const [newest] = objects;
  // A key of which there is nothing but leftovers is not missed.
  if (newest === undefined || isLeftover(newest)) return unreadable(key);
  let first: CopyResult | undefined;
  for (const candidate of objects) {
    if (candidate.salvaged.good < candidate.salvaged.needed) continue;
    const result = await copyOne(candidate, true, options);
    if (result.outcome === 'copied' || result.outcome === 'present') {
      return [candidate === newest ? result : { ...result, outcome: 'older', why: `the version of ${timeOf(newest.salvaged).toISOString()} is lost (${whyOf(newest.place.set, newest.salvaged)}); this is the one before` }];
    }
    first ??= result;
    if (result.outcome === 'failed') break;
  }
  if (first?.outcome === 'failed') return [first];
  return [options.isPartial ? await copyPartial(newest, true, options) : (first ?? lost(newest, options))];
}

async function copyVersions(key: RescuedKey, options: CopyOptions): Promise<CopyResult[]> {
  const latest = latestOf(key)?.salvaged;
  const results: CopyResult[] = [];
  const all = key.places.flatMap((place) => place.versions.map((salvaged) => ({ place, salvaged }))).filter((candidate) => !isLeftover(candidate));
  if (all.length === 0) return unreadable(key);
  all.sort((a, b) => Number(a.salvaged.entry.header.modTimeNs - b.salvaged.entry.header.modTimeNs));
  for (const [i, candidate] of all.entries()) {
    const { place, salvaged } = candidate;
    // Two pools may hold one version, the older of them as a leftover.
    if (all.slice(i + 1).some(({ salvaged: newer }) => newer.version.versionId === salvaged.version.versionId && newer.verdict !== 'lost')) continue;
    if (salvaged.version.kind === 'delete-marker') {
      const target = await options.sink.writeMarker?.(place.bucket, place.key);
      if (target !== undefined) results.push({ ...factsOf(candidate, options), outcome: 'marker', target, holes: [], why: '' });
      continue;
    }
    const isLatest = salvaged === latest;
    const result = salvaged.good < salvaged.needed ? lost(candidate, options) : await copyOne(candidate, isLatest, options);
    results.push(result.outcome === 'lost' && options.isPartial ? await copyPartial(candidate, isLatest, options) : result);
  }
  return results;
}

async function copyOne(candidate: Candidate, isLatest: boolean, options: CopyOptions): Promise<CopyResult> {
  const facts = factsOf(candidate, options);
  const obstacle = obstacleOf(readOf(candidate).version);
  if (obstacle !== undefined) return { ...facts, outcome: 'failed', target: '', holes: [], why: obstacle };
  try {
    const { target, isPresent } = await options.sink.write(jobOf(candidate, isLatest, options));
    return { ...facts, outcome: isPresent ? 'present' : 'copied', target, holes: [], why: '' };
  } catch (error) {
    return failed(facts, error);
  }
}

async function copyPartial(candidate: Candidate, isLatest: boolean, options: CopyOptions): Promise<CopyResult> {
  const { version } = readOf(candidate);
  const obstacle = obstacleOf(version) ?? (isTransformed(version) ? 'it is encrypted or compressed, and nothing of it can be read without the rest' : undefined);
  if (options.sink.writePartial === undefined || obstacle !== undefined) return { ...lost(candidate, options), ...(obstacle !== undefined && { why: `${whyOf(candidate.place.set, candidate.salvaged)}; ${obstacle}` }) };
  const facts = factsOf(candidate, options);
  try {
    const { target, holes } = await options.sink.writePartial(jobOf(candidate, isLatest, options));
    return { ...facts, outcome: 'partial', target, holes, why: whyOf(candidate.place.set, candidate.salvaged) };
  } catch (error) {
    return failed(facts, error);
  }
}

type Facts = Omit<CopyResult, 'outcome' | 'target' | 'holes' | 'why'>;

function failed(facts: Facts, error: unknown): CopyResult {
  if (!(error instanceof Error) || (error instanceof StorageError && error.code === 'aborted')) throw error;
  const isLost = error instanceof StorageError && (error.code === 'read-quorum' || error.code === 'checksum-mismatch');
  return { ...facts, outcome: isLost ? 'lost' : 'failed', target: '', holes: [], why: error.message };
}

function lost(candidate: Candidate, options: CopyOptions): CopyResult {
  return { ...factsOf(candidate, options), outcome: 'lost', target: '', holes: [], why: whyOf(candidate.place.set, candidate.salvaged) };
}

/** A key whose metadata no drive can read. */
function unreadable({ bucket, key, places }: RescuedKey): CopyResult[] {
  const faults = places.flatMap(({ faults: all, versions, set }) => (versions.length > 0 ? [] : all.flatMap((fault, i) => (fault === undefined ? [] : [`${set.drives[i]?.path}: ${fault}`]))));
  if (faults.length === 0 || places.some(({ versions }) => versions.length > 0)) return [];
  return [{ bucket, key, versionId: '', outcome: 'lost', size: 0, modTime: new Date(0), etag: '', metaUser: new Map(), target: '', holes: [], why: `no drive has metadata that can be read: ${faults.join('; ')}` }];
}

function readOf({ place: { bucket, path }, salvaged }: Candidate): SalvageRead {
  return { found: salvaged.seated(), version: salvaged.version as ObjectVersion, volume: bucket, path };
}

/** Throws what keys that are missing or wrong make of it. */
function jobOf(candidate: Candidate, isLatest: boolean, { signal, keysFor }: CopyOptions): CopyJob {
  const { bucket, key } = candidate.place;
  return { bucket, key, isLatest, modTime: timeOf(candidate.salvaged), signal, read: clientRead(readOf(candidate), { bucket, key }, keysFor) };
}

function timeOf({ entry }: SalvagedVersion): Date {
  return new Date(nsToMs(entry.header.modTimeNs));
}

/** As the client knows it, as far as there are keys. */
function factsOf({ place: { bucket, key }, salvaged }: Candidate, { keysFor }: CopyOptions): Facts {
  const { version } = salvaged;
  const facts = { bucket, key, versionId: version.versionId, modTime: timeOf(salvaged) };
  if (version.kind !== 'object') return { ...facts, size: 0, etag: '', metaUser: new Map() };
  if (!isTransformed(version)) return { ...facts, size: version.size, etag: etagOf(version), metaUser: version.metaUser };
  return { ...facts, size: clientSize(version), etag: etagFor(version, { bucket, key }, keysFor), metaUser: version.metaUser };
}

function etagFor(version: ObjectVersion, name: { readonly bucket: string; readonly key: string }, keysFor: KeysFor): string {
  try {
    return clientEtag(version, name, keysFor(version, name));
  } catch (error) {
    // Metadata that makes no sense is told of where the bytes are asked for.
    if (isStorageError(error, 'content-unknown')) return etagOf(version);
    throw error;
  }
}
