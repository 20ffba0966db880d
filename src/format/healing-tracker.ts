/**
 * `.minio.sys/buckets/.healing.bin`: on a drive that was replaced and is being filled again, and after. One msgpack map; its
 * members are the keys of HealingTracker in MinIO's spelling, in this order: `ID` str, `PoolIndex`, `SetIndex`, `DiskIndex` int,
 * `Path`, `Endpoint` str, `Started`, `LastUpdate` time, counters uint (COUNTERS below, with `Bucket` and `Object` str after
 * the first six and `QueuedBuckets`, `HealedBuckets` arrays of str and `HealID` str after the next six), `Finished` bool.
 */
import { corrupt } from './corrupt.js';
import { eachMember, MsgpackReader } from './msgpack/reader.js';
import { MsgpackWriter } from './msgpack/writer.js';
import { ZERO_TIME_NS } from './time.js';

const TOTALS = ['ObjectsTotalCount', 'ObjectsTotalSize', 'ItemsHealed', 'ItemsFailed', 'BytesDone', 'BytesFailed'] as const;
const RESUMES = ['ResumeItemsHealed', 'ResumeItemsFailed', 'ResumeItemsSkipped', 'ResumeBytesDone', 'ResumeBytesFailed', 'ResumeBytesSkipped'] as const;
const SKIPS = ['ItemsSkipped', 'BytesSkipped', 'RetryAttempts'] as const;
const COUNTERS: ReadonlySet<string> = new Set([...TOTALS, ...RESUMES, ...SKIPS]);

export type HealingCounter = (typeof TOTALS)[number] | (typeof RESUMES)[number] | (typeof SKIPS)[number];

export interface HealingTracker {
  /** The drive's UUID; a tracker of another drive is of no meaning. */
  readonly driveId: string;
  readonly poolIndex: number;
  readonly setIndex: number;
  readonly slot: number;
  readonly path: string;
  readonly endpoint: string;
  readonly startedNs: bigint;
  readonly lastUpdateNs: bigint;
  /** By MinIO's names; a missing counter is 0. */
  readonly counters: ReadonlyMap<HealingCounter, number>;
  /** What was healed last. */
  readonly bucket: string;
  readonly object: string;
  readonly queuedBuckets: readonly string[];
  readonly healedBuckets: readonly string[];
  readonly healId: string;
  readonly isFinished: boolean;
}

/** A tracker that asks for a full heal of the drive, from us or from real MinIO. */
export function newHealingTracker(place: Pick<HealingTracker, 'driveId' | 'poolIndex' | 'setIndex' | 'slot' | 'path' | 'endpoint' | 'startedNs'>): HealingTracker {
  const nothing = { counters: new Map(), bucket: '', object: '', queuedBuckets: [], healedBuckets: [], healId: '', isFinished: false };
  return { ...place, lastUpdateNs: place.startedNs, ...nothing };
}

/** Throws metadata-corrupt. */
export function decodeHealingTracker(bytes: Uint8Array): HealingTracker {
  const reader = new MsgpackReader(bytes);
  const counters = new Map<HealingCounter, number>();
  const place = { driveId: '', poolIndex: -1, setIndex: -1, slot: -1, path: '', endpoint: '', startedNs: ZERO_TIME_NS, lastUpdateNs: ZERO_TIME_NS };
  const progress = { bucket: '', object: '', queuedBuckets: [] as string[], healedBuckets: [] as string[], healId: '', isFinished: false };
  eachMember(reader, (name) => {
    if (isCounter(name)) counters.set(name, reader.size());
    else if (name === 'ID') place.driveId = reader.text();
    else if (name === 'PoolIndex') place.poolIndex = reader.int();
    else if (name === 'SetIndex') place.setIndex = reader.int();
    else if (name === 'DiskIndex') place.slot = reader.int();
    else if (name === 'Path') place.path = reader.text();
    else if (name === 'Endpoint') place.endpoint = reader.text();
    else if (name === 'Started') place.startedNs = reader.time();
    else if (name === 'LastUpdate') place.lastUpdateNs = reader.time();
    else if (name === 'Bucket') progress.bucket = reader.text();
    else if (name === 'Object') progress.object = reader.text();
    else if (name === 'QueuedBuckets') progress.queuedBuckets = readTexts(reader);
    else if (name === 'HealedBuckets') progress.healedBuckets = readTexts(reader);
    else if (name === 'HealID') progress.healId = reader.text();
    else if (name === 'Finished') progress.isFinished = reader.bool();
    else return false;
    return true;
  });
  if (!reader.isAtEnd) throw corrupt('.healing.bin goes on after its end');
  return { ...place, counters, ...progress };
}

/** As RELEASE.2025-10-15 writes it. */
export function encodeHealingTracker(tracker: HealingTracker): Uint8Array {
  const writer = new MsgpackWriter(1024);
  const text = (name: string, value: string): void => {
    writer.text(name);
    writer.text(value);
  };
  const int = (name: string, value: number): void => {
    writer.text(name);
    writer.int(value);
  };
  const time = (name: string, value: bigint): void => {
    writer.text(name);
    writer.time(value);
  };
  const counters = (names: readonly HealingCounter[]): void => {
    for (const name of names) {
      writer.text(name);
      writer.uint(tracker.counters.get(name) ?? 0);
    }
  };
  const texts = (name: string, values: readonly string[]): void => {
    writer.text(name);
    writer.arrayLength(values.length);
    for (const value of values) writer.text(value);
  };
  writer.mapLength(14 + COUNTERS.size);
  text('ID', tracker.driveId);
  int('PoolIndex', tracker.poolIndex);
  int('SetIndex', tracker.setIndex);
  int('DiskIndex', tracker.slot);
  text('Path', tracker.path);
  text('Endpoint', tracker.endpoint);
  time('Started', tracker.startedNs);
  time('LastUpdate', tracker.lastUpdateNs);
  counters(TOTALS);
  text('Bucket', tracker.bucket);
  text('Object', tracker.object);
  counters(RESUMES);
  texts('QueuedBuckets', tracker.queuedBuckets);
  texts('HealedBuckets', tracker.healedBuckets);
  text('HealID', tracker.healId);
  counters(SKIPS);
  writer.text('Finished');
  writer.bool(tracker.isFinished);
  return writer.view();
}

function isCounter(name: string): name is HealingCounter {
  return COUNTERS.has(name);
}

function readTexts(reader: MsgpackReader): string[] {
  const texts: string[] = [];
  if (reader.takeNil()) return texts;
  for (let left = reader.arrayLength(); left > 0; left--) texts.push(reader.text());
  return texts;
}
