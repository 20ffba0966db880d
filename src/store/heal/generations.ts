/**
 * Finds drives that are older than they look: an old copy put back under the right identity, or an identity written by hand onto
 * an empty drive. Each drive has a number that grows while it takes part in changes; it is kept on the drive, in
 * `.minio.sys/mts/generation/<slot>`, and on the others of its set. A drive that says less than the others remember missed what was
 * written in between, without any note of it: it is healed as a whole, and what it lacks proves nothing until then.
 */
import { StorageError, type Log } from '../../base/index.js';
import { allSets, type Deployment, type ErasureSet } from '../../cluster/index.js';
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';
import { isBucketName } from '../bucket-name.js';
import { onEachDrive } from '../buckets.js';
import { outcomeOf } from '../drive-lanes.js';

export interface GenerationsOptions {
  readonly deployment: Deployment;
  readonly log: Log;
  /** Changes that this server made since it started. */
  readonly changes: () => number;
  readonly healWholeDrive: (set: ErasureSet, slot: number) => Promise<void>;
}

export class Generations {
  /** Drives that were online when they were looked at last, and so need no judgement. */
  readonly #known = new Set<Drive>();
  /** Changes there were when the numbers were raised last. */
  #raisedAt = -1;

  constructor(private readonly options: GenerationsOptions) {}

  /** Judges drives of this server that were not there before. Never rejects for what drives do. */
  async judge(): Promise<void> {
    for (const set of allSets(this.options.deployment)) {
      for (const [slot, drive] of set.drives.entries()) {
        if (drive?.state !== 'online') {
          if (drive !== undefined) this.#known.delete(drive);
          continue;
        }
        if (!drive.isLocal || this.#known.has(drive)) continue;
        const judged = await outcomeOf(this.#judgeOne(set, slot, drive));
        if (judged.ok) this.#known.add(drive);
        else if (!(judged.error instanceof StorageError)) throw judged.error;
      }
    }
  }

  /** Raises the numbers of this server's drives where anything changed since the last time. */
  async raise(): Promise<void> {
    const changes = this.options.changes();
    if (changes === this.#raisedAt) return;
    this.#raisedAt = changes;
    for (const set of allSets(this.options.deployment)) {
      for (const [slot, drive] of set.drives.entries()) {
        if (drive?.state === 'online' && drive.isLocal && !set.isHealing(drive) && this.#known.has(drive)) await outcomeOf(this.#raiseOne(set, slot, drive));
      }
    }
  }

  /** A drive that was healed as a whole is as young as the others remember. */
  async catchUp(set: ErasureSet, slot: number, drive: Drive): Promise<void> {
    const remembered = await this.#remembered(set, slot, drive);
    if (remembered > 0) await write(drive, slot, remembered);
  }

  async #judgeOne(set: ErasureSet, slot: number, drive: Drive): Promise<void> {
    if (set.isHealing(drive)) return;
    const own = await read(drive, slot);
    const remembered = await this.#remembered(set, slot, drive);
    const isBehind = own < remembered;
    if (!isBehind && (own > 0 || !(await lacksAllBuckets(set, drive)))) return;
    const why = isBehind ? 'it is older than the other drives remember, as a copy that was put back is' : 'it has none of the buckets that the others have';
    this.options.log.warn(`drive ${drive.endpoint} is healed as a whole: ${why}`, { drive: drive.endpoint });
    await this.options.healWholeDrive(set, slot);
  }

  async #raiseOne(set: ErasureSet, slot: number, drive: Drive): Promise<void> {
    const next = Math.max(await read(drive, slot), await this.#remembered(set, slot, drive)) + 1;
    // Its own first: after a crash in between it is ahead of what others remember, which does no harm.
    await write(drive, slot, next);
    await onEachDrive(set, async (other) => {
      if (other !== drive) await write(other, slot, next);
    });
  }

  async #remembered(set: ErasureSet, slot: number, drive: Drive): Promise<number> {
    const numbers = await onEachDrive(set, (other) => (other === drive ? Promise.resolve(0) : read(other, slot)));
    return Math.max(0, ...numbers.map(({ value }) => value ?? 0));
  }
}

/** True where most of the other drives have buckets and this one has none. */
async function lacksAllBuckets(set: ErasureSet, drive: Drive): Promise<boolean> {
  const counts = await onEachDrive(set, async (other) => (await other.listVolumes()).filter(({ name }) => isBucketName(name)).length);
  const own = counts.find((count) => count.drive === drive)?.value;
  return own === 0 && counts.filter(({ drive: other, value }) => other !== drive && (value ?? 0) > 0).length >= set.size / 2;
}

function pathOf(slot: number): string {
  return `mts/generation/${slot}`;
}

async function read(drive: Drive, slot: number): Promise<number> {
  const outcome = await outcomeOf(drive.readFile(SYSTEM_VOLUME, pathOf(slot)));
  if (outcome.ok) return Number.parseInt(Buffer.from(outcome.value).toString('latin1'), 10) || 0;
  if (outcome.error instanceof StorageError && (outcome.error.code === 'file-not-found' || outcome.error.code === 'volume-not-found')) return 0;
  throw outcome.error;
}

function write(drive: Drive, slot: number, generation: number): Promise<void> {
  return drive.writeFile(SYSTEM_VOLUME, pathOf(slot), Buffer.from(String(generation)));
}
