/** Heals that were started from the dashboard: followed to their end, stopped when it is closed. */
import { loadAdmin, type Admin } from '../client/index.js';
import { loadHealView } from '../view/index.js';
import type { HealJob, HealTarget } from './state.js';

export class Heals {
  readonly #closed = new AbortController();
  readonly #running = new Set<string>();

  constructor(
    private readonly admin: Admin,
    /** Told of each step of each heal. */
    private readonly onChange: (job: HealJob) => void,
  ) {}

  /** Starts one and follows it. Never rejects: a failure is how a job can end. */
  async run(target: HealTarget): Promise<void> {
    const [{ runHeal }, { HealTally }] = await Promise.all([loadAdmin(), loadHealView()]);
    const tally = new HealTally();
    const startedMs = Date.now();
    const tell = (end: HealJob['end']): void => {
      const { objects, objectsHealed: healed, failed, bytes, current } = tally;
      if (!this.#closed.signal.aborted) this.onChange({ target, startedMs, objects, healed, failed, bytes, current, end });
    };
    tell(undefined);
    try {
      const place = { ...(target.pool !== undefined && { pool: target.pool }), ...(target.set !== undefined && { set: target.set }) };
      const { items } = await runHeal(this.admin, target.path, { recursive: true, dryRun: false, remove: false, scanMode: 1, ...place }, { force: false, signal: this.#closed.signal });
      this.#running.add(target.path);
      let step = await items.next();
      for (; step.done !== true; step = await items.next()) {
        for (const item of step.value) tally.add(item);
        tell(undefined);
      }
      this.#running.delete(target.path);
      tell({ atMs: Date.now(), failure: step.value.detail });
    } catch (error) {
      tell({ atMs: Date.now(), failure: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Stops those that run: nobody would fetch their results, for which they would wait. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('closed'));
    await Promise.allSettled([...this.#running].map((path) => this.admin.stopHeal(path)));
    this.#running.clear();
  }
}
