/**
 * One change of one object on all drives of its set: stage, commit, settle (docs/architecture.md, "How a write becomes
 * visible"). The caller holds the object's write lock from before `runTransaction` until it resolves.
 */
import { StorageError, type Log } from '../base/index.js';
import type { LockHandle } from '../cluster/index.js';
import type { Drive, StageResult, VersionChange } from '../drive/index.js';
import { SHORT_GRACE, gather, outcomeOf, type DriveLanes } from './drive-lanes.js';
import { requireWriteQuorum, type Named, type Outcome } from './quorum.js';

/** What a drive is to do: a change, nothing (its shards could not be written, for instance), or a reason not to be asked. */
export type DriveChange = VersionChange | StorageError;

export interface TransactionRequest extends Named {
  /** Unique; names the folder below `.minio.sys/tmp`. */
  readonly id: string;
  readonly drives: readonly (Drive | undefined)[];
  readonly volume: string;
  readonly path: string;
  /** One per slot. `newestModTimeNs` is undefined at first; the change is asked for again where a drive holds a newer version. */
  readonly changes: (newestModTimeNs: bigint | undefined) => readonly DriveChange[];
  /** Mod time of what `changes` last gave; a version that is not newer than the object's newest is staged again. */
  readonly modTimeNs?: () => bigint;
  readonly quorum: number;
  /** The object's lock, looked at once more before anything becomes visible; none where nobody else can know the object. */
  readonly lock?: LockHandle;
  /** Slots that take the change but lack some of its data: noted as if they missed it. */
  readonly incomplete?: readonly number[];
  /** What failed, as a sentence's subject, for error messages. */
  readonly what: string;
}

export interface TransactionResult {
  /** Slots on which the change is visible. */
  readonly committed: readonly number[];
  /** Slots that were asked and missed the change or have not finished it: they need to be healed if they stay behind. */
  readonly missed: readonly number[];
  /** False where no drive found anything to change. */
  readonly changed: boolean;
}

/**
 * `leavesTrace`: some drive misses the change, and until that is noted a crash must not forget it. `newestModTimeNs`: of the object, on
 * the drives that staged the change in time.
 */
type Verdict = { readonly kind: 'commit'; readonly leavesTrace: boolean; readonly newestModTimeNs: bigint | undefined } | { readonly kind: 'drop' };
/** `missed`: slots to note before what the transaction left is removed. */
type Ending = { readonly kind: 'settle'; readonly missed: readonly number[] } | { readonly kind: 'leave' };

/** A promise with its resolver. */
class Signal<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

/** One drive's way through the transaction. Its promises never reject. */
interface Passage {
  readonly staged: Promise<Outcome<StageResult>>;
  readonly committed: Promise<Outcome<void>>;
}

/**
 * Carries a change out. Resolves once a quorum of drives shows it; drives that are late finish by themselves. On failure
 * to stage, everything is dropped on all drives; on failure to commit, what was committed stays (the outcome is open and
 * recovery completes it). Throws write-quorum, storage-full, bucket-not-found, object-name-invalid.
 */
export async function runTransaction(lanes: DriveLanes, request: TransactionRequest, log: Log): Promise<TransactionResult> {
  const decided = new Signal<Verdict>();
  const finished = new Signal<Ending>();
  let changes = request.changes(undefined);
  const stagedOnce: Promise<Outcome<StageResult>>[] = [];
  const restage = new Signal<readonly DriveChange[] | undefined>();

  const passages = request.drives.map((drive, slot): Passage => {
    const change = changes[slot];
    const refusal = change === undefined || change instanceof Error ? change : lanes.refuse(drive);
    if (drive === undefined || change === undefined || change instanceof Error || refusal !== undefined) {
      const error = refusal ?? new StorageError('drive-not-found', 'There is no drive in this slot');
      const failed = Promise.resolve<Outcome<never>>({ ok: false, error });
      stagedOnce.push(failed);
      // Shards may lie on a drive that takes no part any more.
      if (drive?.state === 'online') void outcomeOf(drive.settle(request.id));
      return { staged: failed, committed: failed };
    }
    return enter(lanes, request, drive, change, { slot, stagedOnce, restage: restage.promise, decided: decided.promise, finished: finished.promise });
  });
  const patience = {
    ...SHORT_GRACE,
    isWaitedFor: (slot: number): boolean => {
      const drive = request.drives[slot];
      return drive !== undefined && !lanes.isOverdue(drive);
    },
  };

  try {
    let staged = await gather(stagedOnce, request.quorum, patience);
    const newest = newestOf(staged);
    const modTimeNs = request.modTimeNs?.();
    if (newest !== undefined && modTimeNs !== undefined && newest >= modTimeNs) {
      changes = request.changes(newest);
      restage.resolve(changes);
    } else restage.resolve(undefined);
    staged = await gather(passages.map((passage) => passage.staged), request.quorum, patience);
    requireWriteQuorum(toOutcomes(staged, request), request.quorum, request.what, request);
    const changed = staged.some((outcome) => outcome?.ok === true && outcome.value.changed);

    request.lock?.check();
    const isComplete = (request.incomplete ?? []).length === 0 && staged.every((outcome) => outcome?.ok === true);
    decided.resolve({ kind: 'commit', leavesTrace: !isComplete, newestModTimeNs: newestOf(staged) });
    const committed = await gather(passages.map((passage) => passage.committed), request.quorum, patience);
    const outcomes = toOutcomes(committed, request);
    const missed = outcomes.flatMap((outcome, slot) => (outcome.ok ? [] : [slot]));
    requireWriteQuorum(outcomes, request.quorum, request.what, request);
    for (const slot of missed) watchMissed(lanes, request, slot, passages[slot], log);
    finished.resolve({ kind: 'settle', missed: changed ? [...new Set([...missed, ...(request.incomplete ?? [])])] : [] });
    return { committed: outcomes.flatMap((outcome, slot) => (outcome.ok ? [slot] : [])), missed, changed };
  } finally {
    // Whatever was not resolved above failed.
    restage.resolve(undefined);
    decided.resolve({ kind: 'drop' });
    finished.resolve({ kind: 'leave' });
  }
}

interface PassageSignals {
  readonly slot: number;
  readonly stagedOnce: Promise<Outcome<StageResult>>[];
  readonly restage: Promise<readonly DriveChange[] | undefined>;
  readonly decided: Promise<Verdict>;
  readonly finished: Promise<Ending>;
}

function enter(lanes: DriveLanes, request: TransactionRequest, drive: Drive, change: VersionChange, signals: PassageSignals): Passage {
  const { id, volume, path } = request;
  const first = new Signal<Outcome<StageResult>>();
  const staged = new Signal<Outcome<StageResult>>();
  const committed = new Signal<Outcome<void>>();
  signals.stagedOnce.push(first.promise);
  lanes.run(drive, `${volume}/${path}`, async () => {
    let outcome = await outcomeOf(drive.stage(id, volume, path, change));
    first.resolve(outcome);
    const changed = (await signals.restage)?.[signals.slot];
    if (outcome.ok && changed !== undefined) {
      outcome = await outcomeOf(changed instanceof Error ? Promise.reject(changed) : drive.stage(id, volume, path, changed));
    }
    staged.resolve(outcome);
    const verdict = await signals.decided;
    const refusal = outcome.ok ? refusalOf(outcome.value, verdict, drive) : outcome.error;
    if (verdict.kind === 'drop' || refusal !== undefined) {
      committed.resolve({ ok: false, error: refusal });
      await outcomeOf(drive.settle(id));
      return;
    }
    const options = { leavesTrace: verdict.leavesTrace };
    let commit = await outcomeOf(drive.commit(id, options));
    // Committing again is harmless, and a drive that lost the answer only must not miss the change.
    if (!commit.ok && drive.state === 'online' && request.lock?.signal.aborted !== true) commit = await outcomeOf(drive.commit(id, options));
    committed.resolve(commit);
    // What a failed commit left undone is recovery's to judge, and so is a change that no quorum shows.
    const ending = await signals.finished;
    if (ending.kind === 'leave' || !commit.ok) return;
    // Until it is settled, the transaction itself tells recovery of the change; from then on the note tells what is to be brought to others.
    if (ending.missed.length > 0) await outcomeOf(drive.noteMissed(ending.missed, { volume, path }));
    await outcomeOf(drive.settle(id));
  });
  return { staged: staged.promise, committed: committed.promise };
}

/**
 * Why a drive that staged the change must not commit it. One that did so late, when the object's lock may be another's, shows by what it
 * holds that the object has been changed since; healing brings it what it missed.
 */
function refusalOf({ newestModTimeNs }: StageResult, verdict: Verdict, drive: Drive): StorageError | undefined {
  if (verdict.kind === 'drop') return new StorageError('aborted', 'The change was dropped');
  if (newestModTimeNs === undefined || newestModTimeNs <= (verdict.newestModTimeNs ?? -1n)) return undefined;
  return new StorageError('drive-timeout', 'The drive was so late that it holds a later change', { drive: drive.endpoint });
}

function newestOf(staged: readonly (Outcome<StageResult> | undefined)[]): bigint | undefined {
  let newest: bigint | undefined;
  for (const outcome of staged) {
    if (outcome?.ok !== true) continue;
    const { newestModTimeNs } = outcome.value;
    if (newestModTimeNs !== undefined && (newest === undefined || newestModTimeNs > newest)) newest = newestModTimeNs;
  }
  return newest;
}

/** Outcomes with those still missing as timeouts. */
function toOutcomes<T>(outcomes: readonly (Outcome<T> | undefined)[], request: TransactionRequest): Outcome<T>[] {
  return outcomes.map(
    (outcome, slot) =>
      outcome ?? { ok: false, error: new StorageError('drive-timeout', 'The drive was slower than the others', { drive: request.drives[slot]?.endpoint }) },
  );
}

/** Notes a drive that is late, and says so where it misses the change for good. */
function watchMissed(lanes: DriveLanes, request: TransactionRequest, slot: number, passage: Passage | undefined, log: Log): void {
  const drive = request.drives[slot];
  if (drive === undefined || passage === undefined) return;
  lanes.markOverdue(drive, passage.committed);
  void passage.committed.then((outcome) => {
    if (outcome.ok || drive.state !== 'online') return;
    const { bucket, key } = request;
    const reason = outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
    log.warn('a drive missed a change', { drive: drive.endpoint, bucket, key, reason });
  });
}
