/** What befalls a running cluster, planned from a seed: processes killed, stopped or standing still, a drive away and back or lost, rotten bits. */
import { closeSync, existsSync, fstatSync, openSync, readSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Chance } from '../../simulation/world.js';
import { wipe } from '../server-process.js';
import type { TestCluster, TestNode } from './harness.js';

type FaultKind = 'kill' | 'kill-all' | 'stop' | 'freeze' | 'rename' | 'rot' | 'rot-kept';

interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly node: TestNode;
  readonly downMs: number;
}

/** Files of objects below a folder, with their paths. */
export function objectFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)(xl\.meta|part\.\d+)$/.test(name)).map((name) => join(folder, name));
}

export class ScheduleFaults {
  readonly counts = new Map<FaultKind, number>();
  /** The drive that may lose data that was just acknowledged: one more loss is what every acknowledged write can bear. */
  readonly victim: string;
  /** Drives on which objects that all drives have may rot: as many as the parity, the victim among them. */
  readonly #rotting: readonly string[];
  readonly #plan: readonly Fault[];
  readonly #under: Promise<void>[] = [];
  #isOver = false;

  constructor(
    private readonly cluster: TestCluster,
    private readonly chance: Chance,
    private readonly options: { readonly lengthMs: number; readonly parity: number; readonly buckets: readonly string[]; readonly keptBelow: string },
  ) {
    const drives = cluster.nodes.flatMap((node) => node.drives);
    const shuffled = drives.map((drive) => ({ drive, order: chance.fraction() })).sort((a, b) => a.order - b.order).map(({ drive }) => drive);
    this.#rotting = shuffled.slice(0, options.parity);
    this.victim = shuffled[0]!;
    this.#plan = this.#planned();
  }

  /** Strikes by the plan; resolves when all faults have begun. */
  async run(): Promise<void> {
    const startMs = performance.now();
    for (const fault of this.#plan) {
      await sleep(Math.max(0, startMs + fault.atMs - performance.now()));
      this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
      this.#under.push(this.#strike(fault));
    }
  }

  /** Everything is well again from now on. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#under);
    for (const node of this.cluster.nodes) {
      node.thaw();
      if (!node.isRunning) node.launch();
    }
  }

  #planned(): Fault[] {
    const { chance, options } = this;
    // Each seed has its own mixture.
    const weight = (): number => (chance.is(0.3) ? 0 : chance.fraction());
    const weights: Record<FaultKind, number> = { kill: 0.2 + weight(), 'kill-all': 0.3 * weight(), stop: 0.5 * weight(), freeze: weight(), rename: 0.4 * weight(), rot: weight(), 'rot-kept': weight() };
    const faults: Fault[] = [];
    for (let atMs = chance.between(100, 1000); atMs < options.lengthMs; atMs += chance.between(100, 1800)) {
      faults.push({ atMs, kind: chance.weighted(weights), node: chance.pick(this.cluster.nodes), downMs: chance.between(50, 2000) });
    }
    return faults;
  }

  async #strike({ kind, node, downMs }: Fault): Promise<void> {
    switch (kind) {
      case 'kill':
      case 'stop':
        await (kind === 'kill' ? node.kill() : node.stop());
        await this.#later(downMs, () => this.#start(node));
        break;
      case 'kill-all':
        await Promise.all(this.cluster.nodes.map((one) => one.kill()));
        await this.#later(downMs, () => this.cluster.nodes.forEach((one) => this.#start(one)));
        break;
      case 'freeze':
        node.freeze();
        await this.#later(downMs, () => node.thaw());
        break;
      case 'rename':
        await this.#renamed(downMs);
        break;
      case 'rot':
        this.#flip(this.options.buckets.flatMap((bucket) => objectFiles(join(this.victim, bucket))));
        break;
      case 'rot-kept':
        for (const drive of this.#rotting) this.#flip(objectFiles(join(drive, this.options.keptBelow)));
        break;
    }
  }

  /** Put back as it was, unless its server has made a new drive in its place meanwhile: what that one took would be lost with it. */
  async #renamed(downMs: number): Promise<void> {
    const away = `${this.victim}-away`;
    if (existsSync(away) || !existsSync(this.victim)) return;
    renameSync(this.victim, away);
    await this.#later(downMs, () => {
      try {
        if (!existsSync(this.victim)) renameSync(away, this.victim);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
      }
      wipe(away);
    });
  }

  #start(node: TestNode): void {
    if (!node.isRunning) node.launch();
  }

  /** After a while, or when the faults are over. */
  async #later(ms: number, what: () => void): Promise<void> {
    for (const untilMs = performance.now() + ms; !this.#isOver && performance.now() < untilMs; ) await sleep(20);
    what();
  }

  /** Flips a bit of one of these files. */
  #flip(paths: readonly string[]): void {
    if (paths.length === 0) return;
    let file: number;
    try {
      file = openSync(this.chance.pick(paths), 'r+');
    } catch {
      // It was removed meanwhile.
      return;
    }
    try {
      const { size } = fstatSync(file);
      if (size === 0) return;
      const at = this.chance.integer(0, size - 1);
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, at);
      byte[0]! ^= 1 << this.chance.integer(0, 7);
      writeSync(file, byte, 0, 1, at);
    } finally {
      closeSync(file);
    }
  }
}
