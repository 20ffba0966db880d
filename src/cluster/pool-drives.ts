/** The drives of one pool at work: read, planned, formatted where that is certain, and put into the slots of their sets. */
import { assert, UsageError, type Clock, type Log, type Random } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import { askFormat, checkWritable, hasUnfinishedTracker, isEmptyDrive, keepOldFormat, removeFormat, restoreOldFormat, writeFormat, writeTracker } from './drive-format.js';
import type { DriveEndpoint, PoolLayout } from './endpoints.js';
import { DrivesMissingError, isCertain, planPool, type DriveCondition, type DrivePlan, type FormatAnswer, type NamedLayout, type PoolFormat, type PoolPlan } from './format-plan.js';
import type { NodeAddress } from './node-addresses.js';
import type { StorageClasses } from './parity.js';
import { setChooser } from './placement.js';
import { SlottedSet, type Pool } from './topology.js';

export interface PoolContext {
  /** Opens a drive, without an identity. */
  readonly openDrive: (endpoint: DriveEndpoint) => Drive;
  /** Makes the folder of a new drive, with its parents. */
  readonly makeFolder: (endpoint: DriveEndpoint) => Promise<void>;
  /** Removes a folder made in vain. */
  readonly removeFolder: (endpoint: DriveEndpoint) => Promise<void>;
  /**
   * Makes the folder of a lost drive again, to start empty, where that cannot be mistaken for a mount that is away: where
   * its parent is on the device that the drive was on (undefined: not known), which is not the root device. True if it did.
   */
  readonly remakeFolder?: (endpoint: DriveEndpoint, deviceId: number | undefined) => Promise<boolean>;
  /** Called when drives of this node have been given an identity. */
  readonly onFormatted?: () => void;
  /** Where drives are on several nodes: false for a node that does not answer. */
  readonly isReachable?: (node: NodeAddress) => boolean;
  /** Drives on the root device may always be formatted (MINIO_CI_CD). */
  readonly allowRootDrive: boolean;
  /** Nothing is formatted, migrated or tried out: the drives are opened as they are. */
  readonly isReadOnly?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What people may want to know of a drive that was given. */
export interface DriveStatus {
  readonly path: string;
  readonly drive: Drive | undefined;
  readonly poolIndex: number;
  readonly setIndex: number | undefined;
  readonly slot: number | undefined;
  readonly isOnline: boolean;
  readonly isHealing: boolean;
  /** It serves another slot than its place in the arguments says. */
  readonly isMisplaced: boolean;
  readonly condition: DriveCondition;
  readonly remark: string;
}

/** As long as the first node may take to format all drives of a new pool. */
const FORMATTING_MS = 5000;

export class PoolDrives {
  readonly #drives: readonly Drive[];
  readonly #named: NamedLayout;
  #plan: PoolPlan | undefined;
  /** By position: the device that the drive was last seen on. */
  readonly #devices: (number | undefined)[] = [];
  /** When it was first seen that drives are new beside others that hold nothing. */
  #youngSinceMs: number | undefined;
  #plans: readonly DrivePlan[] = [];
  #sets: readonly SlottedSet[] = [];

  constructor(
    readonly index: number,
    readonly layout: PoolLayout,
    private readonly context: PoolContext,
  ) {
    this.#drives = layout.drives.map((endpoint) => context.openDrive(endpoint));
    this.#named = { ...layout, drives: layout.drives.map(({ name }) => name) };
  }

  /** Deployment id that the formatted drives agree on; undefined for new ones. */
  get deploymentId(): string | undefined {
    return this.#plan?.kind === 'start' ? this.#plan.format.deploymentId : undefined;
  }

  get drives(): readonly Drive[] {
    return this.#drives;
  }

  /**
   * Decides what to do; writes nothing, but makes the folders of new drives. Gives what must be waited for, which happens
   * only where other nodes have drives of the pool; undefined where all is decided. `isFirst`: this node formats new pools.
   * Throws a UsageError where the pool must not be started.
   */
  async plan(isFirst: boolean): Promise<string | undefined> {
    const answers = await this.#ask();
    try {
      await this.#planFrom(answers);
    } catch (error) {
      const isShared = this.layout.drives.some((endpoint) => !isOwn(endpoint));
      if (!isShared || !(error instanceof UsageError)) throw error;
      const isOpen = answers.some((answer) => answer.kind === 'offline') && !isCertain(this.#named, answers);
      if (isOpen || error instanceof DrivesMissingError) return error.message;
      throw error;
    }
    if (!isFirst && this.#isBeingFormatted(answers)) return 'the first node is formatting the drives';
    if (this.#plan?.kind !== 'format-new') return undefined;
    const first = this.layout.drives[0];
    if (!isFirst) return `the first node (${first?.node?.name ?? ''}) has not formatted the drives yet`;
    const absent = this.layout.drives.filter((endpoint, position) => answers[position]?.kind === 'missing' && !isOwn(endpoint));
    return absent.length === 0 ? undefined : `the folders of new drives are not there yet: ${absent.map(({ name }) => name).join(', ')}`;
  }

  /** True for a while where new drives are among others that hold nothing: the first node has not come to ours yet. */
  #isBeingFormatted(answers: readonly FormatAnswer[]): boolean {
    const isYoung = answers.every((answer) => answer.kind === 'unformatted' || (answer.kind === 'formatted' && answer.isEmpty));
    if (this.#plan?.kind !== 'start' || !isYoung || !answers.some((answer) => answer.kind === 'unformatted')) return false;
    const nowMs = this.context.clock.monotonicMs();
    this.#youngSinceMs ??= nowMs;
    return nowMs - this.#youngSinceMs < FORMATTING_MS;
  }

  /** Throws a UsageError where the pool must not be started, or not yet. */
  async #planFrom(answers: readonly FormatAnswer[]): Promise<void> {
    this.#plan = undefined;
    this.#plan = this.#decide(answers);
    if (this.#plan.kind === 'start') {
      if (await this.#remakeLost(this.#plan.drives)) this.#plan = this.#decide(await this.#ask());
      return;
    }
    const missing = this.layout.drives.filter((endpoint, position) => answers[position]?.kind === 'missing' && isOwn(endpoint));
    if (missing.length === 0) return;
    for (const endpoint of missing) await this.#makeFolder(endpoint);
    try {
      this.#plan = this.#decide(await this.#ask());
    } catch (error) {
      await Promise.allSettled(missing.map((endpoint) => this.context.removeFolder(endpoint)));
      throw error;
    }
  }

  /** Carries the plan out and gives the pool. `deploymentId` is for new drives. */
  async start(deploymentId: string, classes: StorageClasses): Promise<Pool> {
    const plan = this.#plan?.kind === 'start' ? this.#plan : await this.#formatNew(deploymentId);
    const { format } = plan;
    this.#plan = plan;
    const isMigrated = this.context.isReadOnly !== true && (await this.#migrate([...plan.drives.entries()], format));
    const drives = isMigrated ? plan.drives.map(withCurrentFormat) : plan.drives;
    this.#sets = format.sets.map((set, setIndex) => new SlottedSet(this.index, setIndex, set.length, classes.standard, classes.reduced));
    await this.#apply(drives, format, !plan.isFirstFormatting);
    this.#warnOfMisplaced(drives);
    if (this.context.isReadOnly !== true) await this.#checkWritable();
    return {
      index: this.index,
      commandLine: this.layout.commandLine,
      sets: this.#sets,
      setIndexOf: setChooser(format.algorithm, format.deploymentId, format.sets.length),
    };
  }

  /** Looks again at drives that are not online and takes back, moves or formats those of which it is certain. */
  async reconsider(): Promise<void> {
    const plan = this.#plan;
    if (plan?.kind !== 'start') return;
    if (this.#drives.every((drive, position) => drive.id !== undefined && drive.state === 'online' && this.#plans[position]?.condition === 'ok')) {
      await this.#lookAtOthersHealing();
      return;
    }
    const answers = await Promise.all(this.#drives.map((drive, position) => this.#askAgain(drive, position, plan.format)));
    let next: PoolPlan;
    try {
      next = this.#decide(answers);
    } catch (error) {
      if (error instanceof UsageError) return;
      throw error;
    }
    // Other drives with another format were mounted under way: nothing of that is ours to follow.
    if (next.kind !== 'start' || next.format.deploymentId !== plan.format.deploymentId) return;
    // The next look finds the folder and formats the drive.
    await this.#remakeLost(next.drives);
    await this.#apply(next.drives, plan.format, true);
    if (next.drives.some((drive, position) => drive.isToFormat && isOwn(this.layout.drives[position]))) this.context.onFormatted?.();
  }

  /** True where a lost drive of this node has a folder again. */
  async #remakeLost(plans: readonly DrivePlan[]): Promise<boolean> {
    const remade = await Promise.all(
      plans.map(async ({ condition, place }, position) => {
        const endpoint = this.layout.drives[position];
        if (condition !== 'missing' || place === undefined || endpoint === undefined || !isOwn(endpoint)) return false;
        return (await this.context.remakeFolder?.(endpoint, this.#devices[position]).catch(() => false)) === true;
      }),
    );
    return remade.includes(true);
  }

  /** Drives of other nodes are healed there; what one lacks meanwhile must prove nothing here. */
  async #lookAtOthersHealing(): Promise<void> {
    await Promise.all(
      this.#drives.map(async (drive, position) => {
        const place = this.#plans[position]?.place;
        if (place === undefined || drive.id === undefined || isOwn(this.layout.drives[position])) return;
        this.#sets[place.setIndex]?.setHealing(drive, await hasUnfinishedTracker(drive, drive.id));
      }),
    );
  }

  statuses(): DriveStatus[] {
    return this.#plans.map((plan, position) => {
      const drive = this.#drives[position];
      const set = plan.place === undefined ? undefined : this.#sets[plan.place.setIndex];
      return {
        path: plan.path,
        drive,
        poolIndex: this.index,
        setIndex: plan.place?.setIndex,
        slot: plan.place?.slot,
        isOnline: drive?.state === 'online' && drive.id !== undefined,
        isHealing: drive !== undefined && set?.isHealing(drive) === true,
        isMisplaced: plan.isMisplaced,
        condition: plan.condition,
        remark: plan.remark,
      };
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#drives.map((drive) => drive.close()));
  }

  async #ask(): Promise<FormatAnswer[]> {
    const answers = await Promise.all(this.#drives.map(async (drive, position) => this.#unreachable(position) ?? (drive.id === undefined ? askFormat(drive) : this.#withFreshDrive(position, askFormat))));
    if (!answers.some((answer) => answer.kind === 'unformatted')) return answers;
    // Only drives without any bucket can be those of a first formatting that was interrupted, or is under way.
    return Promise.all(
      answers.map(async (answer, position) => {
        const drive = this.#drives[position];
        return answer.kind === 'formatted' && drive !== undefined ? { ...answer, isEmpty: await isEmptyDrive(drive) } : answer;
      }),
    );
  }

  /** The answer of a drive whose node does not answer. */
  #unreachable(position: number): FormatAnswer | undefined {
    const node = this.layout.drives[position]?.node;
    if (node === undefined || node.isThisNode || this.context.isReachable?.(node) !== false) return undefined;
    return { kind: 'offline', reason: `the node ${node.name} does not answer` };
  }

  async #askAgain(drive: Drive, position: number, format: PoolFormat): Promise<FormatAnswer> {
    const unreachable = this.#unreachable(position);
    if (unreachable !== undefined) return unreachable;
    if (drive.id === undefined) return askFormat(drive);
    if (drive.state === 'online') {
      const info = await drive.info().catch(() => undefined);
      if (info !== undefined) return { kind: 'formatted', format, driveId: drive.id, isEmpty: false, isRootDevice: info.isRootDevice };
    }
    return this.#withFreshDrive(position, askFormat);
  }

  /** A drive with an identity refuses whatever is mounted in its place; one opened anew can look. */
  async #withFreshDrive<T>(position: number, work: (drive: Drive) => Promise<T>): Promise<T> {
    const endpoint = this.layout.drives[position];
    assert(endpoint !== undefined, 'a position is one of the layout');
    const drive = this.context.openDrive(endpoint);
    try {
      return await work(drive);
    } finally {
      await drive.close();
    }
  }

  #decide(answers: readonly FormatAnswer[]): PoolPlan {
    const plan = planPool(this.#named, answers, { allowRootDrive: this.context.allowRootDrive });
    if (this.context.isReadOnly !== true) return plan;
    if (plan.kind === 'format-new') throw new UsageError(`the drives of "${this.layout.commandLine}" are new, and with --read-only nothing is formatted`, 'give the drives of a deployment, or leave --read-only out');
    return { ...plan, drives: plan.drives.map((drive) => ({ ...drive, isToFormat: false })) };
  }

  /**
   * Writes the format.json of old releases anew in today's form: on all of this node's drives that are there, or on none. A crash in
   * between leaves drives of both kinds, which agree all the same. True where any was written.
   */
  async #migrate(plans: readonly (readonly [position: number, plan: DrivePlan])[], format: PoolFormat): Promise<boolean> {
    const old = plans.flatMap(([position, plan]) => (plan.oldGeneration !== undefined && isOwn(this.layout.drives[position]) ? [{ plan, position }] : []));
    const [first] = old;
    if (first === undefined) return false;
    const written: number[] = [];
    try {
      for (const { position } of old) await this.#withFreshDrive(position, keepOldFormat);
      for (const { plan, position } of old) {
        written.push(position);
        await this.#withFreshDrive(position, (drive) => writeFormat(drive, format, idOf(plan, format)));
      }
    } catch (error) {
      await Promise.allSettled(written.map((position) => this.#withFreshDrive(position, restoreOldFormat)));
      throw new UsageError(
        `the format.json of the drives of "${this.layout.commandLine}" (${first.plan.oldGeneration ?? ''}) cannot be written anew: ${error instanceof Error ? error.message : String(error)}`,
        'no drive keeps a new one; make the drives writable, or start with --read-only',
      );
    }
    this.context.log.warn(
      `format.json of ${old.length} drive${old.length === 1 ? '' : 's'} (${first.plan.oldGeneration ?? ''}) was written anew; the old file is kept on each as .minio.sys/mts/format.json.before`,
      { pool: this.index + 1, deployment: format.deploymentId },
    );
    return true;
  }

  async #makeFolder(endpoint: DriveEndpoint): Promise<void> {
    try {
      await this.context.makeFolder(endpoint);
    } catch (error) {
      throw new UsageError(`the drive folder ${endpoint.path} cannot be made: ${error instanceof Error ? error.message : String(error)}`, 'give a folder that this user can make and write to');
    }
  }

  async #formatNew(deploymentId: string): Promise<Extract<PoolPlan, { kind: 'start' }>> {
    const { layout, context } = this;
    const ids = layout.drives.map(() => context.random.uuid());
    const sets = Array.from({ length: ids.length / layout.setSize }, (_, index) => ids.slice(index * layout.setSize, (index + 1) * layout.setSize));
    const format: PoolFormat = { isSingle: ids.length === 1, deploymentId, sets, algorithm: 'SIPMOD+PARITY' };
    const outcomes = await Promise.allSettled(this.#drives.map((drive, position) => writeFormat(drive, format, ids[position] ?? '')));
    const failed = outcomes.findIndex((outcome) => outcome.status === 'rejected');
    if (failed >= 0) {
      await Promise.all(this.#drives.filter((_, position) => outcomes[position]?.status === 'fulfilled').map((drive) => removeFormat(drive)));
      const outcome = outcomes[failed];
      const reason: unknown = outcome?.status === 'rejected' ? outcome.reason : undefined;
      throw new UsageError(
        `the drive ${layout.drives[failed]?.name ?? ''} cannot be formatted: ${reason instanceof Error ? reason.message : String(reason)}`,
        'give folders that this user can write to; no drive keeps a format',
      );
    }
    const counts = `${sets.length} set${sets.length === 1 ? '' : 's'} of ${layout.setSize} drive${layout.setSize === 1 ? '' : 's'}`;
    context.log.info(`formatted pool ${this.index + 1}: ${counts}`, { pool: this.index + 1, deployment: deploymentId });
    const drives = this.#named.drives.map((path, position): DrivePlan => {
      const place = { setIndex: Math.floor(position / layout.setSize), slot: position % layout.setSize };
      return { path, condition: 'ok', place, isMisplaced: false, isToFormat: false, remark: '' };
    });
    return { kind: 'start', format, drives, isFirstFormatting: false };
  }

  /** Puts every drive where its plan says. `isToHeal`: drives formatted now lack what the others have. */
  async #apply(plans: readonly DrivePlan[], format: PoolFormat, isToHeal: boolean): Promise<void> {
    const before = this.#plans;
    this.#plans = await Promise.all(plans.map((plan, position) => this.#applyOne(plan, position, format, isToHeal)));
    this.#plans.forEach((plan, position) => {
      if (plan.remark !== '' && plan.remark !== before[position]?.remark) this.context.log.warn(plan.remark, { drive: plan.path });
    });
    const placed = new Set<string>();
    this.#plans.forEach(({ place }, position) => {
      if (place === undefined) return;
      this.#sets[place.setIndex]?.place(place.slot, this.#drives[position]);
      placed.add(`${place.setIndex}/${place.slot}`);
    });
    this.#sets.forEach((set, setIndex) => {
      for (let slot = 0; slot < set.size; slot++) if (!placed.has(`${setIndex}/${slot}`)) set.place(slot, undefined);
    });
  }

  async #applyOne(plan: DrivePlan, position: number, format: PoolFormat, isToHeal: boolean): Promise<DrivePlan> {
    const drive = this.#drives[position];
    const id = plan.place === undefined ? undefined : format.sets[plan.place.setIndex]?.[plan.place.slot];
    if (drive === undefined || plan.place === undefined || id === undefined) return plan;
    let done = plan;
    // A drive that comes back as it was before its pool was migrated.
    if (plan.oldGeneration !== undefined && this.context.isReadOnly !== true) {
      try {
        await this.#migrate([[position, plan]], format);
      } catch (error) {
        return { ...plan, condition: 'offline', remark: error instanceof Error ? error.message : String(error) };
      }
    }
    if (plan.isToFormat && isOwn(this.layout.drives[position])) {
      const facts = { driveId: id, poolIndex: this.index, ...plan.place };
      try {
        await this.#withFreshDrive(position, async (fresh) => {
          // The tracker first: a drive that carries the identity without it would pass for a whole one.
          if (isToHeal) await writeTracker(fresh, facts, this.context.clock);
          await writeFormat(fresh, format, id);
        });
        done = { ...plan, condition: 'ok', isToFormat: false, remark: isToHeal ? plan.remark : '' };
      } catch (error) {
        done = { ...plan, condition: 'offline', remark: `the drive ${plan.path} is empty and could not be formatted: ${error instanceof Error ? error.message : String(error)}` };
      }
    }
    // What the drive knows of itself is of the time before: attaching makes it forget, any call makes it look.
    if (drive.id !== id || drive.state !== 'online') drive.attach(id);
    const info = await drive.info().catch(() => undefined);
    if (info !== undefined) this.#devices[position] = info.deviceId;
    if (done.condition === 'ok') this.#sets[plan.place.setIndex]?.setHealing(drive, await hasUnfinishedTracker(drive, id));
    return done;
  }

  /** A drive that only reads still helps reading; a pool in which nothing can be written is not what anybody meant. */
  async #checkWritable(): Promise<void> {
    const usable = this.#plans.flatMap((plan, position) => {
      const drive = this.#drives[position];
      return plan.condition === 'ok' && drive !== undefined && isOwn(this.layout.drives[position]) ? [drive] : [];
    });
    const failures = (await Promise.all(usable.map(async (drive) => ({ drive, reason: await checkWritable(drive) })))).filter(({ reason }) => reason !== undefined);
    const [first] = failures;
    if (first !== undefined && failures.length === usable.length) {
      throw new UsageError(`nothing can be written to ${usable.length === 1 ? 'the drive' : 'any drive of'} "${this.layout.commandLine}": ${first.reason ?? ''}`, 'mount the drives writable, or let the user that runs the server own them');
    }
    for (const { drive, reason } of failures) this.context.log.warn(`the drive ${drive.endpoint} can be read only: ${reason ?? ''}`, { drive: drive.endpoint });
  }

  #warnOfMisplaced(plans: readonly DrivePlan[]): void {
    const moved = plans.flatMap(({ path, place, isMisplaced }) =>
      isMisplaced && place !== undefined ? [`${path} (drive ${place.slot + 1} of set ${place.setIndex + 1})`] : [],
    );
    if (moved.length === 0) return;
    this.context.log.warn(`drives are not given in the order of their format and are served by their identity: ${moved.join(', ')}; real MinIO would refuse them`);
  }
}

function withCurrentFormat({ path, condition, place, isMisplaced, isToFormat, remark }: DrivePlan): DrivePlan {
  return { path, condition, isMisplaced, isToFormat, remark, ...(place && { place }) };
}

function idOf({ place }: DrivePlan, { sets }: PoolFormat): string {
  const id = place === undefined ? undefined : sets[place.setIndex]?.[place.slot];
  assert(id !== undefined, 'a drive with an identity has a slot');
  return id;
}

/** Only the node that has a drive makes its folder, formats it where it is empty, and tells the others. */
function isOwn(endpoint: DriveEndpoint | undefined): boolean {
  return endpoint?.node?.isThisNode !== false;
}
