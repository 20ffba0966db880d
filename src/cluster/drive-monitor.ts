/**
 * Watches the drives: says when one goes and when it is back, and has a pool look again at what is not online, so that a
 * drive that was mounted again, put back or replaced is served without a restart.
 */
import type { Log } from '../base/index.js';
import type { Drive } from '../drive/index.js';
import type { PoolDrives } from './pool-drives.js';

export interface MonitorOptions {
  readonly intervalMs: number;
  /** Calls back once after a delay; gives what cancels it. */
  readonly schedule: (callback: () => void, delayMs: number) => () => void;
}

export class DriveMonitor {
  /** Drives last seen offline. */
  readonly #down = new Set<Drive>();
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    private readonly pools: readonly PoolDrives[],
    private readonly log: Log,
    private readonly options: MonitorOptions,
  ) {}

  start(): void {
    for (const pool of this.pools) for (const drive of pool.drives) if (!isUp(drive)) this.#down.add(drive);
    this.#plan();
  }

  /** One round; a second call joins the one under way. Never rejects. */
  check(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#running;
  }

  #plan(): void {
    if (this.#isClosed) return;
    this.#cancel = this.options.schedule(() => void this.check().finally(() => this.#plan()), this.options.intervalMs);
  }

  async #round(): Promise<void> {
    for (const pool of this.pools) {
      await Promise.all(pool.drives.map((drive) => this.#look(drive)));
      if (this.#isClosed) return;
      try {
        await pool.reconsider();
      } catch (error) {
        this.log.error('looking at the drives failed', { pool: pool.index + 1, error: String(error) });
      }
      await Promise.all(pool.drives.map((drive) => this.#look(drive)));
    }
  }

  async #look(drive: Drive): Promise<void> {
    const failure: unknown = await drive.info().then(
      () => undefined,
      (error: unknown) => error,
    );
    const isUpNow = failure === undefined && isUp(drive);
    if (isUpNow && this.#down.delete(drive)) this.log.info(`drive ${drive.endpoint} is back online`, { drive: drive.endpoint });
    else if (!isUpNow && drive.id !== undefined && !this.#down.has(drive)) {
      this.#down.add(drive);
      const reason = failure instanceof Error ? failure.message : `it is ${drive.state}`;
      this.log.warn(`drive ${drive.endpoint} went offline: ${reason}; the server goes on with the other drives`, { drive: drive.endpoint, state: drive.state });
    }
  }
}

function isUp(drive: Drive): boolean {
  return drive.id !== undefined && drive.state === 'online';
}
