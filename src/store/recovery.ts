/**
 * What a crash left half done is completed or dropped: at start, before requests are served, and from time to time what
 * another server that went away left on our drives. It reads what lies in the
 * drives' `tmp` and, for the objects named there, their xl.meta; never all objects. Repeating it is harmless.
 *
 * A transaction that is committed on some drive, or that drives without it already show (they settled it), may have been
 * acknowledged: it is committed on the drives that staged it. Any other cannot have been: it is dropped.
 */
import { StorageError, isStorageError } from '../base/index.js';
import { allSets, type ErasureSet } from '../cluster/index.js';
import type { Drive, StagedTransaction } from '../drive/index.js';
import { parseXlMeta, type XlVersionEntry } from '../format/index.js';
import { withLock, type StoreContext } from './context.js';
import { outcomeOf } from './drive-lanes.js';
import { sameBytes, sameVersions } from './quorum.js';

export interface RecoveryReport {
  /** Transactions carried to their end. */
  readonly completed: number;
  readonly dropped: number;
  /** Drives whose leftovers could not be read; they are looked at again at the next start. */
  readonly unread: readonly string[];
}

interface Leftover {
  readonly drive: Drive;
  readonly staged: StagedTransaction;
}

/** How long a change that is under way may keep recovery from looking at its object; the next round looks again. */
const LOCK_WAIT_MS = 5000;

interface RecoverOptions {
  /** Also what other servers began on this server's drives and have not touched for so long, because they are gone. */
  readonly abandonedMs?: number;
}

/**
 * Looks after what lies on this server's own drives; other servers look after theirs. Each object is locked meanwhile:
 * whoever began the change has lost the lock then, or has finished.
 */
export async function recover(context: StoreContext, options: RecoverOptions = {}): Promise<RecoveryReport> {
  let completed = 0;
  let dropped = 0;
  const unread: string[] = [];
  for (const set of allSets(context.deployment)) {
    for (const [id, leftovers] of await leftoversOf(set, options, unread)) {
      const [{ staged }] = leftovers;
      const name = `${staged.volume}/${staged.path}`;
      try {
        const isCompleted = await withLock(context, name, () => recoverOne(context, set, id, leftovers, options), AbortSignal.timeout(LOCK_WAIT_MS));
        if (isCompleted === true) completed++;
        else if (isCompleted === false) dropped++;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        context.log.warn('an interrupted change is looked at later', { object: name, reason: error.message });
      }
    }
  }
  if (completed + dropped > 0) context.log.info('changes that were interrupted', { completed, dropped });
  for (const drive of unread) context.log.warn('a drive did not tell what was interrupted on it', { drive });
  return { completed, dropped, unread };
}

type Leftovers = readonly [Leftover, ...Leftover[]];

/** Transactions of a set that left something on this server's drives, by id, each with all drives that have something of it. */
async function leftoversOf(set: ErasureSet, options: RecoverOptions, unread: string[]): Promise<Map<string, Leftovers>> {
  const online = set.drives.filter((drive): drive is Drive => drive?.state === 'online');
  const byId = new Map<string, [Leftover, ...Leftover[]]>();
  const list = async (drive: Drive): Promise<void> => {
    const listed = await outcomeOf(drive.listStaged(options));
    if (!listed.ok) {
      unread.push(drive.endpoint);
      return;
    }
    for (const staged of listed.value) {
      const leftovers = byId.get(staged.id);
      if (leftovers !== undefined) leftovers.push({ drive, staged });
      else if (drive.isLocal) byId.set(staged.id, [{ drive, staged }]);
    }
  };
  await Promise.all(online.filter((drive) => drive.isLocal).map(list));
  if (byId.size > 0) await Promise.all(online.filter((drive) => !drive.isLocal).map(list));
  return byId;
}

/** True where the transaction was completed, false where it was dropped, undefined where others have done it meanwhile. */
async function recoverOne(context: StoreContext, set: ErasureSet, id: string, before: Leftovers, options: RecoverOptions): Promise<boolean | undefined> {
  const isShared = set.drives.some((drive) => drive?.isLocal === false);
  const leftovers = isShared ? (await leftoversOf(set, options, [])).get(id) : before;
  if (leftovers === undefined) return undefined;
  const isCommitted = leftovers.some(({ staged }) => staged.state === 'committed');
  const isDone = isCommitted || (await isShown(set, leftovers));
  // Drives of which nothing is left may have settled it, or missed it: healing looks.
  const missed = isDone ? set.drives.flatMap((drive, slot) => (leftovers.some((leftover) => leftover.drive === drive) ? [] : [slot])) : [];
  const overtaken: Leftover[] = [];
  await Promise.all(
    leftovers.map(async (leftover) => {
      const { drive, staged } = leftover;
      if (isDone && staged.state === 'staged' && (await isStillNext(drive, staged))) {
        const committed = await outcomeOf(drive.commit(staged.id));
        if (!committed.ok) {
          const reason = committed.error instanceof Error ? committed.error.message : String(committed.error);
          context.log.warn('a drive could not complete an interrupted change', { drive: drive.endpoint, object: `${staged.volume}/${staged.path}`, reason });
          if (isStorageError(committed.error, 'drive-timeout')) overtaken.push(leftover);
          return;
        }
      }
      if (missed.length > 0) await outcomeOf(drive.noteMissed(missed, { volume: staged.volume, path: staged.path }));
      await outcomeOf(drive.settle(staged.id));
    }),
  );
  for (const leftover of overtaken) await giveUp(set, leftover);
  return isDone;
}

/** A change that a drive refuses to commit, because a later one was staged there since, it will refuse for ever: healing brings it what the others have. */
async function giveUp(set: ErasureSet, { drive, staged }: Leftover): Promise<void> {
  const { volume, path } = staged;
  const slot = set.drives.indexOf(drive);
  const others = set.drives.filter((other): other is Drive => other !== drive && other?.state === 'online');
  const notes = await Promise.all(others.map((other) => outcomeOf(other.noteMissed([slot], { volume, path }))));
  if (notes.some(({ ok }) => ok)) await outcomeOf(drive.settle(staged.id));
}

/** True where a drive that has nothing of the transaction left shows its result, and together with the staged ones they are a majority. */
async function isShown(set: ErasureSet, leftovers: Leftovers): Promise<boolean> {
  const [first] = leftovers;
  const target = versionsOf(first.staged.xlMeta);
  if (target === undefined) return false;
  const others = set.drives.filter((drive): drive is Drive => drive?.state === 'online' && !leftovers.some((leftover) => leftover.drive === drive));
  const { volume, path } = first.staged;
  const shown = await Promise.all(
    others.map(async (drive) => {
      const current = await currentVersions(drive, volume, path);
      return current !== undefined && sameVersions(current, target);
    }),
  );
  const count = shown.filter(Boolean).length;
  return count > 0 && count + leftovers.length > set.size / 2;
}

/**
 * False where the drive's object has changed since the transaction was staged there, so that committing would undo a later
 * change: it adds or replaces one version, or takes one away, and nothing else may differ.
 */
async function isStillNext(drive: Drive, staged: StagedTransaction): Promise<boolean> {
  const next = versionsOf(staged.xlMeta);
  const current = await currentVersions(drive, staged.volume, staged.path);
  if (next === undefined || current === undefined) return false;
  const added = next.filter((entry) => !contains(current, entry));
  const gone = current.filter((entry) => !contains(next, entry));
  if (added.length > 1 || gone.length > 1) return false;
  const [newer] = added;
  const [older] = gone;
  if (newer === undefined || older === undefined) return true;
  return newer.header.versionId === older.header.versionId && newer.header.modTimeNs >= older.header.modTimeNs;
}

function contains(entries: readonly XlVersionEntry[], wanted: XlVersionEntry): boolean {
  return entries.some((entry) => sameBytes(entry.headerBytes, wanted.headerBytes));
}

/** Versions of a staged xl.meta; none where the object goes away; undefined where it cannot be read. */
function versionsOf(xlMeta: Uint8Array | undefined): readonly XlVersionEntry[] | undefined {
  if (xlMeta === undefined) return undefined;
  if (xlMeta.length === 0) return [];
  try {
    return parseXlMeta(xlMeta).versions;
  } catch {
    return undefined;
  }
}

async function currentVersions(drive: Drive, volume: string, path: string): Promise<readonly XlVersionEntry[] | undefined> {
  const read = await outcomeOf(drive.readXlMeta(volume, path, { inline: false }));
  if (read.ok) return versionsOf(read.value);
  return isStorageError(read.error, 'file-not-found') ? [] : undefined;
}
