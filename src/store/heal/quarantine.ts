/**
 * Versions that too few drives have, put aside instead of deleted: on each drive that holds something of one, the folder
 * `.minio.sys/mts/quarantine/<id>` with the version's own xl.meta, its data dir, and `about.json`. The id is made of the version's
 * name and mod time, so that doing it again after a crash goes on where it stopped. MinIO does not look there.
 */
import { createHash } from 'node:crypto';

import { StorageError, isStorageError } from '../../base/index.js';
import { allSets, type ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import {
  SYSTEM_VOLUME, decodeObjectPath, decodeVersion, encodeObjectPath, entryDataDir, parseXlMeta, serializeXlMeta, type XlVersionEntry,
} from '../../format/index.js';
import { withLock, type StoreContext } from '../context.js';
import { outcomeOf } from '../drive-lanes.js';
import type { StrayVersion } from './heal-object.js';
import type { HealSubject } from './survey.js';
import type { Quarantine, QuarantinedObject } from './types.js';

const FOLDER = 'mts/quarantine';
/** Two looks at least this far apart must agree, on a version at least this old. */
const SECOND_LOOK_MS = 10 * 60_000;
const AGE_MIN_MS = 60 * 60_000;
/** Strays that are remembered between looks; what is forgotten waits a little longer. */
const SEEN_MAX = 100_000;

interface About {
  readonly bucket: string;
  readonly object: string;
  readonly versionId: string;
  readonly size: number;
  readonly quarantinedMs: number;
  readonly reason: string;
}

type Judgement = StrayVersion['verdict'];

export class DriveQuarantine implements Quarantine {
  /** Strays -> when they were seen first, monotonic. */
  readonly #seen = new Map<string, number>();

  constructor(private readonly context: Pick<StoreContext, 'deployment' | 'locker' | 'clock' | 'random' | 'log'>) {}

  /** Judges a stray of the background's heals: it is put aside when it has been one for long enough. */
  async judge(stray: StrayVersion): Promise<Judgement> {
    const { clock } = this.context;
    if (!isPast(stray)) return stray.verdict;
    const id = idOf(stray);
    const nowMs = clock.monotonicMs();
    const firstMs = this.#seen.get(id);
    if (firstMs === undefined) {
      if (this.#seen.size >= SEEN_MAX) this.#seen.clear();
      this.#seen.set(id, nowMs);
      return stray.verdict;
    }
    const ageMs = clock.now() - Number(stray.entry.header.modTimeNs / 1_000_000n);
    return nowMs - firstMs < SECOND_LOOK_MS || ageMs < AGE_MIN_MS ? stray.verdict : this.put(stray);
  }

  /** Puts a stray aside, where it is certain that it is one. The caller holds the object's lock. */
  async put(stray: StrayVersion): Promise<Judgement> {
    if (!isPast(stray)) return stray.verdict;
    const { subject, holders, entry } = stray;
    const id = idOf(stray);
    const about: About = {
      bucket: subject.volume,
      object: decodeObjectPath(subject.path),
      versionId: entry.header.versionId,
      size: sizeOf(entry),
      quarantinedMs: this.context.clock.now(),
      reason: stray.verdict.reason,
    };
    for (const slot of holders) {
      const drive = subject.set.drives[slot];
      const moved = drive && (await outcomeOf(this.#move(subject, drive, entry.header.versionId, id, about)));
      if (moved?.ok === false) return { outcome: 'failed', reason: `it cannot be moved to the quarantine: ${messageOf(moved.error)}` };
    }
    this.#seen.delete(id);
    this.context.log.warn('a version that too few drives have was moved to the quarantine', { ...about, id });
    return { outcome: 'quarantined', reason: `${stray.verdict.reason}; it is kept in the quarantine as ${id}` };
  }

  async list(): Promise<QuarantinedObject[]> {
    const found: QuarantinedObject[] = [];
    for (const set of allSets(this.context.deployment)) {
      for (const [id, drives] of await entriesOf(set)) {
        const about = await aboutOf(drives, id);
        if (typeof about === 'string') continue;
        found.push({ id, ...about, poolIndex: set.poolIndex, setIndex: set.setIndex, drives: drives.map(({ endpoint }) => endpoint) });
      }
    }
    return found.sort((a, b) => b.quarantinedMs - a.quarantinedMs);
  }

  async restore(id: string): Promise<void> {
    for (const set of allSets(this.context.deployment)) {
      const drives = (await entriesOf(set)).get(id);
      const about = drives && (await aboutOf(drives, id));
      if (drives === undefined || about === undefined || typeof about === 'string') continue;
      const subject = { volume: about.bucket, path: encodeObjectPath(about.object) };
      await withLock(this.context, `${subject.volume}/${subject.path}`, async () => {
        await refuseWhereThere(set, subject, about);
        for (const drive of drives) await this.#putBack(subject, drive, id);
      });
      return;
    }
    throw new StorageError('object-not-found', `The quarantine has no entry ${id}: list it to see what there is`);
  }

  async empty({ olderThanMs }: { readonly olderThanMs: number }): Promise<number> {
    let count = 0;
    for (const set of allSets(this.context.deployment)) {
      for (const [id, drives] of await entriesOf(set)) {
        const about = await aboutOf(drives, id);
        // What cannot be told now may be young.
        if (about === 'unreadable' || (about !== 'absent' && this.context.clock.now() - about.quarantinedMs < olderThanMs)) continue;
        await Promise.all(drives.map((drive) => drive.remove(SYSTEM_VOLUME, `${FOLDER}/${id}`)));
        count++;
      }
    }
    return count;
  }

  /** Copy of the metadata first, then the data, then the removal: a crash in between leaves something to do again, and nothing lost. */
  async #move({ volume, path }: Pick<HealSubject, 'volume' | 'path'>, drive: Drive, versionId: string, id: string, about: About): Promise<void> {
    const meta = parseXlMeta(await drive.readXlMeta(volume, path, { inline: true }));
    const entry = meta.versions.find(({ header }) => header.versionId === versionId);
    if (entry === undefined) return;
    const inline = meta.inline.get(versionId);
    const own = { versions: [entry], inline: new Map(inline === undefined ? [] : [[versionId, inline]]) };
    await drive.writeFile(SYSTEM_VOLUME, `${FOLDER}/${id}/xl.meta`, serializeXlMeta(own));
    await drive.writeFile(SYSTEM_VOLUME, `${FOLDER}/${id}/about.json`, Buffer.from(JSON.stringify(about)));
    const dataDir = entryDataDir(entry);
    const isShared = meta.versions.some((other) => other !== entry && entryDataDir(other) === dataDir);
    if (dataDir !== undefined && !isShared && !entry.header.isInline) {
      const moved = await outcomeOf(drive.moveData(volume, path, dataDir, `${FOLDER}/${id}/${dataDir}`));
      if (!moved.ok && !isStorageError(moved.error, 'file-not-found')) throw moved.error;
    }
    await this.#change(drive, volume, path, { kind: 'remove', versionId });
  }

  async #putBack({ volume, path }: Pick<HealSubject, 'volume' | 'path'>, drive: Drive, id: string): Promise<void> {
    const folder = `${FOLDER}/${id}`;
    const { versions, inline } = parseXlMeta(await drive.readFile(SYSTEM_VOLUME, `${folder}/xl.meta`));
    const [entry] = versions;
    if (entry !== undefined) {
      const data = inline.get(entry.header.versionId);
      const dataDir = entryDataDir(entry);
      const hasParts = dataDir !== undefined && (await drive.listDir(SYSTEM_VOLUME, folder)).includes(`${dataDir}/`);
      await this.#change(drive, volume, path, { kind: 'put', entry, ...(data && { inline: data }), ...(hasParts && { dataFrom: `${folder}/${dataDir}` }) });
    }
    await drive.remove(SYSTEM_VOLUME, folder);
  }

  async #change(drive: Drive, volume: string, path: string, change: Parameters<Drive['stage']>[3]): Promise<void> {
    const transaction = this.context.random.uuid();
    try {
      await drive.stage(transaction, volume, path, change);
      await drive.commit(transaction);
    } finally {
      await outcomeOf(drive.settle(transaction));
    }
  }
}

/** True where all drives of the set are there, none is being healed, and each said for certain what it has. */
function isPast({ isCertain, subject }: StrayVersion): boolean {
  const { set } = subject;
  return isCertain && set.drives.every((drive) => drive?.state === 'online' && !set.isHealing(drive));
}

function idOf({ subject, entry }: StrayVersion): string {
  const { versionId, modTimeNs } = entry.header;
  return createHash('sha256').update(`${subject.volume}/${subject.path}\0${versionId}\0${modTimeNs}`).digest('hex').slice(0, 32);
}

function sizeOf(entry: XlVersionEntry): number {
  try {
    const version = decodeVersion(entry);
    return version.kind === 'object' ? version.size : 0;
  } catch {
    return 0;
  }
}

/** Entries of a set's drives: id -> the drives that have it. */
async function entriesOf(set: ErasureSet): Promise<Map<string, Drive[]>> {
  const entries = new Map<string, Drive[]>();
  await Promise.all(
    set.drives.map(async (drive) => {
      if (drive?.state !== 'online') return;
      const names = await outcomeOf(drive.listDir(SYSTEM_VOLUME, FOLDER));
      if (!names.ok) return;
      for (const name of names.value) entries.set(name.replace(/\/$/, ''), [...(entries.get(name.replace(/\/$/, '')) ?? []), drive]);
    }),
  );
  return entries;
}

/** `absent` where no drive has it: what a crash left before anything was moved. */
async function aboutOf(drives: readonly Drive[], id: string): Promise<About | 'absent' | 'unreadable'> {
  let isAbsent = true;
  for (const drive of drives) {
    const read = await outcomeOf(drive.readFile(SYSTEM_VOLUME, `${FOLDER}/${id}/about.json`).then((bytes) => JSON.parse(Buffer.from(bytes).toString()) as About));
    if (read.ok) return read.value;
    isAbsent &&= isStorageError(read.error, 'file-not-found');
  }
  return isAbsent ? 'absent' : 'unreadable';
}

async function refuseWhereThere(set: ErasureSet, { volume, path }: Pick<HealSubject, 'volume' | 'path'>, about: About): Promise<void> {
  for (const drive of set.drives) {
    if (drive?.state !== 'online') continue;
    const read = await outcomeOf(drive.readXlMeta(volume, path, { inline: false }).then(parseXlMeta));
    if (!read.ok && isStorageError(read.error, 'volume-not-found')) throw new StorageError('bucket-not-found', `There is no bucket ${volume}: make it to restore ${about.object}`, { bucket: volume });
    if (read.ok && read.value.versions.some(({ header }) => header.versionId === about.versionId)) {
      throw new StorageError('precondition-failed', `${volume}/${about.object} has been written again since: remove or rename it to restore the old one`, { bucket: volume, key: about.object });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

