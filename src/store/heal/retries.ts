/**
 * When what failed is tried again: in the next round, then in the second, the fourth, ... after it, and at last in every 60th
 * (with rounds of five seconds: every five minutes). Nothing is given up.
 */
const ROUNDS_MAX = 60;

interface Failed {
  readonly times: number;
  readonly dueInRound: number;
}

export class Retries {
  readonly #failed = new Map<string, Failed>();
  #round = 0;
  #circumstances = '';

  /** What failed under other `circumstances` may well succeed now: all of it is tried again. */
  nextRound(circumstances: string): void {
    this.#round++;
    if (circumstances !== this.#circumstances) this.#failed.clear();
    this.#circumstances = circumstances;
  }

  /** How many have failed and not succeeded since. */
  get count(): number {
    return this.#failed.size;
  }

  isDue(name: string): boolean {
    const failed = this.#failed.get(name);
    return failed === undefined || failed.dueInRound <= this.#round;
  }

  failed(name: string): void {
    const times = (this.#failed.get(name)?.times ?? 0) + 1;
    this.#failed.set(name, { times, dueInRound: this.#round + Math.min(2 ** (times - 1), ROUNDS_MAX) });
  }

  succeeded(name: string): void {
    this.#failed.delete(name);
  }

  /** Forgets what is not to be done any more. */
  keepOnly(names: ReadonlyMap<string, unknown>): void {
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name);
  }
}
