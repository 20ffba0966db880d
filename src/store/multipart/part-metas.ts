/** The parts of an upload, as the `part.N.meta` files of a quorum of drives have them. */
import { StorageError, isStorageError } from '../../base/index.js';
import { readQuorum } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME, decodePartMeta, type PartMeta } from '../../format/index.js';
import type { StoreContext } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import type { PartInfo } from '../types.js';
import type { Upload } from './upload.js';

/** Files read at once on each drive. */
const READS_MAX = 256;

export interface AgreedPart {
  readonly info: PartInfo;
  readonly meta: PartMeta;
  /** Slots whose drive has this part. */
  readonly slots: readonly number[];
}

/** Parts by number that a read quorum of drives agrees on. Throws read-quorum where too few drives answer. */
export async function readParts(context: StoreContext, upload: Upload): Promise<Map<number, AgreedPart>> {
  const { set, folder, version, ref } = upload;
  const quorum = readQuorum(version.erasure.dataShards);
  const dataFolder = `${folder}/${version.dataDir}`;
  const listed = await Promise.all(
    set.drives.map(async (drive) => {
      if (drive === undefined || context.lanes.refuse(drive) !== undefined) return undefined;
      const names = await outcomeOf(drive.listDir(SYSTEM_VOLUME, dataFolder));
      if (names.ok) return partNumbersOf(names.value);
      return isStorageError(names.error, 'file-not-found') ? [] : undefined;
    }),
  );
  if (listed.filter((numbers) => numbers !== undefined).length < quorum) {
    throw new StorageError('read-quorum', `Too few drives tell which parts the upload of ${ref.key} has, ${quorum} are needed`, ref);
  }
  const parts = partsOfRecord(upload);
  const found = await Promise.all(set.drives.map(async (drive, slot) => (drive === undefined ? [] : await readMetas(drive, dataFolder, listed[slot] ?? []))));
  const numbers = [...new Set(listed.flatMap((some) => some ?? []))].sort((a, b) => a - b);
  const byNumber = found.map((metas) => new Map(metas.map((meta) => [meta.number, meta])));
  for (const number of numbers) {
    const agreed = agreeOnPart(byNumber.map((metas) => metas.get(number)), quorum);
    if (agreed !== undefined) parts.set(number, agreed);
  }
  return parts;
}

function partNumbersOf(names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const number = /^part\.([1-9]\d{0,4})\.meta$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

async function readMetas(drive: Drive, dataFolder: string, numbers: readonly number[]): Promise<PartMeta[]> {
  const metas: PartMeta[] = [];
  for (let start = 0; start < numbers.length; start += READS_MAX) {
    const files = numbers.slice(start, start + READS_MAX).map((number) => outcomeOf(drive.readFile(SYSTEM_VOLUME, `${dataFolder}/part.${number}.meta`)));
    for (const file of await Promise.all(files)) {
      if (!file.ok) continue;
      try {
        metas.push(decodePartMeta(file.value));
      } catch (error) {
        // A damaged file is a drive that does not vote for the part.
        if (!isStorageError(error, 'metadata-corrupt')) throw error;
      }
    }
  }
  return metas;
}

/** The part that most drives have, by slot; undefined below the quorum. */
export function agreeOnPart(metas: readonly (PartMeta | undefined)[], quorum: number): AgreedPart | undefined {
  const groups = new Map<string, { readonly meta: PartMeta; readonly slots: number[] }>();
  metas.forEach((meta, slot) => {
    if (meta === undefined) return;
    const name = `${meta.etag} ${meta.size} ${meta.actualSize}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { meta, slots: [slot] });
    else group.slots.push(slot);
  });
  const [largest] = [...groups.values()].sort((a, b) => b.slots.length - a.slots.length || (b.meta.modTimeNs > a.meta.modTimeNs ? 1 : -1));
  if (largest === undefined || largest.slots.length < quorum) return undefined;
  return { ...largest, info: partInfo(largest.meta) };
}

export function partInfo({ number, etag, size, actualSize, modTimeNs, checksums }: PartMeta): PartInfo {
  return { number, etag, size, actualSize, modTimeNs, checksums };
}

/** Uploads that servers of 2020 and 2021 began keep their parts in the record itself. */
function partsOfRecord({ version, set }: Upload): Map<number, AgreedPart> {
  const parts = new Map<number, AgreedPart>();
  for (const { number, size, actualSize, etag } of version.parts) {
    if (etag === undefined || etag === '') continue;
    const meta: PartMeta = { number, etag, size, actualSize, modTimeNs: version.modTimeNs, checksums: new Map() };
    parts.set(number, { meta, info: partInfo(meta), slots: set.drives.map((_, slot) => slot) });
  }
  return parts;
}
