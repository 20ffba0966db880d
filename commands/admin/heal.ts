import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { isS3Error, loadAdmin, type Admin } from '../../src/client/index.js';
import { AdminCommand, EXIT, EXIT_HELP, Failure, loadHealView, type AdminTarget } from '../../src/view/index.js';

/** Redraws a second. */
const REDRAW_MS = 125;

type HealView = Awaited<ReturnType<typeof loadHealView>>;

export default class AdminHeal extends AdminCommand<typeof AdminHeal> {
  static override aliases = ['heal'];
  static override summary = 'Heal objects, or show the healing that goes on by itself.';
  static override description = `With an alias alone: which drives are being healed, and how far. With a bucket or prefix, or -r: looks at every object there and brings back
what drives lack; a heal of the same path that already runs is joined. Drives that are offline are left alone. Ctrl-C stops the heal.
${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS[/BUCKET[/PREFIX]]', ignoreStdin: true }) };
  static override flags = {
    recursive: Flags.boolean({ char: 'r', description: 'everything below; for an alias alone, everything there is' }),
    'dry-run': Flags.boolean({ char: 'n', description: 'only say what would be healed' }),
    scan: Flags.string({ options: ['normal', 'deep'], default: 'normal', description: 'deep checks every byte against its bitrot hash' }),
    remove: Flags.boolean({ description: 'put what can never be read again into the quarantine at once' }),
    force: Flags.boolean({ aliases: ['force-start'], description: 'stop a heal of this path that runs, and start anew' }),
    'force-stop': Flags.boolean({ description: 'stop the heal of this path' }),
    pool: Flags.integer({ description: 'only this pool, from 1', min: 1 }),
    set: Flags.integer({ description: 'only this set of the pool, from 1', min: 1 }),
    verbose: Flags.boolean({ char: 'v', description: 'also what is whole' }),
    'all-drives': Flags.boolean({ char: 'a', hidden: true }),
    rewrite: Flags.boolean({ hidden: true }),
    'storage-class': Flags.string({ hidden: true }),
  };
  static override examples = [
    { description: 'Which drives are being healed?', command: '<%= config.bin %> heal local' },
    { description: 'What would be healed in a bucket?', command: '<%= config.bin %> heal -r --dry-run local/photos' },
    { description: 'Check and heal everything, byte by byte.', command: '<%= config.bin %> heal -r --scan deep local' },
  ];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { flags } = this;
    const target = await this.target(text);
    if (flags.set !== undefined && flags.pool === undefined) throw new UsageError('A set is counted within its pool.', 'Give --pool as well.');
    if (flags['force-stop']) return this.#stop(target);
    if (target.path === '' && !flags.recursive) return this.#background(target);
    await this.#heal(target);
  }

  async #stop({ admin, alias, path }: AdminTarget): Promise<void> {
    await admin.stopHeal(path).catch((error: unknown) => {
      throw new Failure('Unable to stop healing.', error);
    });
    this.say({ status: 'success', serverURL: alias, stopped: path }, `Stopped the heal of \`${[alias, path].filter((part) => part !== '').join('/')}\`.`);
  }

  async #background({ admin }: AdminTarget): Promise<void> {
    const [{ clusterState }, view] = [await loadAdmin(), await loadHealView()];
    const [info, background] = await Promise.all([admin.info(this.signal), admin.backgroundHeal(this.signal)]).catch((error: unknown) => {
      throw new Failure('Unable to get background heal status.', error);
    });
    const mrf = Object.values(background.mrf ?? {});
    const total = (of: (entry: (typeof mrf)[number]) => number | undefined): number => mrf.reduce((sum, entry) => sum + (of(entry) ?? 0), 0);
    const passing = { itemsHealed: total((entry) => entry.items_healed), bytesHealed: total((entry) => entry.bytes_healed) };
    this.say({ status: 'success', HealInfo: background }, view.backgroundHealText(clusterState({ info, background, nowMs: Date.now() }), passing, this.paint));
  }

  async #heal({ admin, path }: AdminTarget): Promise<void> {
    const { flags } = this;
    const [{ runHeal }, view] = [await loadAdmin(), await loadHealView()];
    const place = { ...(flags.pool !== undefined && { pool: flags.pool - 1 }), ...(flags.set !== undefined && { set: flags.set - 1 }) };
    const settings = { recursive: flags.recursive, dryRun: flags['dry-run'], remove: flags.remove, scanMode: flags.scan === 'deep' ? 2 : 1, ...place } as const;
    const startedMs = performance.now();
    const run = await runHeal(admin, path, settings, { force: flags.force, signal: this.signal }).catch((error: unknown) => {
      if (isS3Error(error, 'XMinioAdminVersionMismatch')) throw new Failure('Unable to start healing.', new Error('The server has a single drive: there are no others that it could be healed from.'));
      throw new Failure('Unable to start healing.', error);
    });
    const forget = this.onInterrupt(() => admin.stopHeal(path).then(() => undefined, () => undefined));
    const live = new LiveHeal(view, this.terminal.isTty && !flags.json && !flags.quiet, await objectsTotal(admin, path), this.paint, startedMs);
    let step = await run.items.next();
    for (; step.done !== true; step = await run.items.next()) {
      for (const item of step.value) {
        live.tally.add(item);
        if (flags.json) this.say(view.healItemObject(item), undefined);
        else if (flags.verbose || !view.wasWhole(item)) this.#line(live, view.healItemLine(item, this.paint));
        await this.outputReady();
      }
      live.draw();
    }
    forget();
    live.clear();
    const durationMs = performance.now() - startedMs;
    const { detail } = step.value;
    this.say(view.healSummaryObject(live.tally, durationMs, detail), view.healSummary(live.tally, { durationMs, isDryRun: flags['dry-run'], detail, paint: this.paint }));
    if (detail !== '' || live.tally.failed > 0) process.exitCode = EXIT.failed;
  }

  #line(live: LiveHeal, line: string): void {
    live.clear();
    this.print(line);
  }
}

/** Objects that will be looked at, where somebody counted them: for a percentage. */
async function objectsTotal(admin: Admin, path: string): Promise<number | undefined> {
  const usage = await admin.dataUsage().catch(() => undefined);
  const [bucket = '', ...prefix] = path.split('/');
  if (prefix.join('/') !== '') return undefined;
  const total = bucket === '' ? usage?.objectsCount : usage?.bucketsUsageInfo?.[bucket]?.objectsCount;
  return total === 0 ? undefined : total;
}

/** The two lines at the bottom of a terminal that show how far it is. */
class LiveHeal {
  readonly tally: InstanceType<HealView['HealTally']>;
  #frame = 0;
  #drawnAtMs = 0;
  #lines = 0;

  constructor(
    private readonly view: HealView,
    private readonly isShown: boolean,
    private readonly objectsTotal: number | undefined,
    private readonly paint: AdminHeal['paint'],
    private readonly startedMs: number,
  ) {
    this.tally = new view.HealTally();
  }

  draw(): void {
    const nowMs = performance.now();
    if (!this.isShown || nowMs - this.#drawnAtMs < REDRAW_MS) return;
    this.#drawnAtMs = nowMs;
    const elapsedMs = nowMs - this.startedMs;
    const facts = { elapsedMs, bytesPerSecond: (this.tally.bytes * 1000) / Math.max(1, elapsedMs), objectsTotal: this.objectsTotal, width: process.stdout.columns || 80, frame: this.#frame++ };
    const lines = [this.view.healProgressLine(this.tally, facts), this.view.healDrivesLine(this.tally, this.paint)].filter((line) => line !== '');
    this.clear();
    process.stdout.write(`${lines.join('\n')}\n`);
    this.#lines = lines.length;
  }

  clear(): void {
    if (this.#lines > 0) process.stdout.write(`\u001b[${this.#lines}A\u001b[J`);
    this.#lines = 0;
  }
}

