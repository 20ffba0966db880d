/**
 * What the first objects on a drive say about it: the shard that their records name and the distribution of shards tell
 * where the drive stands in its set; versions that other drives have too tell which drives are of one set.
 */
import { isStorageError, StorageError } from '../../base/index.js';
import type { Drive } from '../../drive/index.js';
import { decodeVersion, encodeObjectPath, entryShardIndex, parseXlMetaIndex, SYSTEM_VOLUME, type XlVersionEntry } from '../../format/index.js';

/** One version that a drive has a shard of. */
export interface Sample {
  readonly volume: string;
  /** The object's folder in the volume. */
  readonly path: string;
  readonly setSize: number;
  /** From 0. */
  readonly slot: number;
  /** True for a record of before 2021. */
  readonly isLegacy: boolean;
}

/** By fingerprint: equal on all drives of the set that have the version, and on no others. */
export type Samples = ReadonlyMap<string, Sample>;

/** Enough to outvote objects that were copied to the wrong drive; a second of reading. */
const SAMPLES_MAX = 512;
const SYSTEM_SAMPLES_MAX = 64;

/** Never rejects but for bugs: a drive that cannot be read any further has said what it can. */
export async function sampleDrive(drive: Drive): Promise<Samples> {
  const samples = new Map<string, Sample>();
  try {
    for (const prefix of ['config/', 'buckets/']) await sampleVolume(drive, SYSTEM_VOLUME, prefix, SYSTEM_SAMPLES_MAX, samples);
    for (const { name } of await drive.listVolumes()) {
      if (samples.size >= SAMPLES_MAX) break;
      await sampleVolume(drive, name, '', SAMPLES_MAX, samples);
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
  return samples;
}

async function sampleVolume(drive: Drive, volume: string, prefix: string, most: number, samples: Map<string, Sample>): Promise<void> {
  try {
    for await (const batch of drive.walk(volume, { prefix, from: '', recursive: true, detail: 'records' })) {
      for (const { key, meta } of batch) {
        if (meta === undefined || meta.length === 0) continue;
        for (const [fingerprint, sample] of samplesOf(volume, encodeObjectPath(key), meta)) samples.set(fingerprint, sample);
        if (samples.size >= most) return;
      }
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/** The versions in an xl.meta that tell something. */
export function samplesOf(volume: string, path: string, meta: Uint8Array): Map<string, Sample> {
  const found = new Map<string, Sample>();
  try {
    for (const entry of parseXlMetaIndex(meta).versions) addSample(found, volume, path, entry);
  } catch (error) {
    if (!isStorageError(error, 'metadata-corrupt')) throw error;
  }
  return found;
}

function addSample(found: Map<string, Sample>, volume: string, path: string, entry: XlVersionEntry): void {
  const { type } = entry.header;
  if (type === 'delete-marker') return;
  const version = decodeVersion(entry);
  if (version.kind !== 'object') return;
  const { distribution } = version.erasure;
  const slot = distribution.indexOf(entryShardIndex(entry));
  if (slot < 0) return;
  found.set(`${volume}/${path} ${version.versionId} ${version.modTimeNs} ${version.dataDir}`, { volume, path, setSize: distribution.length, slot, isLegacy: type === 'legacy' });
}
