/**
 * What befalls a simulated cluster while clients use it. Anything may be away, late or cut off; what destroys acknowledged data (an
 * emptied drive, rotten bits) befalls one drive only, because one more loss is what every acknowledged write can bear.
 */
import { damageFile } from './rot.js';
import type { Cluster } from './cluster.js';
import type { Disk, DiskFault } from './disk.js';

const KINDS = ['kill', 'fuse', 'power', 'blackout', 'pause', 'isolate', 'cut', 'one-way', 'slow-network', 'hang', 'slow-disk', 'disk-fault', 'wipe', 'rot', 'stop'] as const;
type FaultKind = (typeof KINDS)[number];

export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly #weights: Record<FaultKind, number>;
  /** The drive that may lose data. */
  readonly victim: Disk;
  #isOver = false;

  constructor(
    readonly cluster: Cluster,
    private readonly meanPauseMs: number,
  ) {
    const { chance } = cluster.world;
    this.victim = chance.pick(cluster.disks);
    // Each seed has its own mixture.
    this.#weights = Object.fromEntries(KINDS.map((kind) => [kind, chance.is(0.4) ? 0 : chance.fraction()])) as Record<FaultKind, number>;
  }

  start(untilMs: number): void {
    this.#plan(untilMs);
  }

  /** Everything is well again from now on. */
  end(): void {
    this.#isOver = true;
    const { cluster } = this;
    cluster.network.slowMs = 0;
    cluster.network.heal();
    for (const disk of cluster.disks) this.#mend(disk);
    for (const name of cluster.names) {
      const process = cluster.process(name);
      if (process?.life.isPaused === true) cluster.world.resume(process.life);
      cluster.start(name);
    }
  }

  #plan(untilMs: number): void {
    const { world } = this.cluster;
    world.schedule(world.chance.between(0, 2 * this.meanPauseMs), 'a fault', () => {
      if (this.#isOver || world.nowMs > untilMs) return;
      this.#strike(world.chance.weighted(this.#weights));
      this.#plan(untilMs);
    }, 'nobody');
  }

  #strike(kind: FaultKind): void {
    const { cluster } = this;
    const { world, network } = cluster;
    const { chance } = world;
    const name = chance.pick(cluster.names);
    const process = cluster.process(name);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    world.note(`fault: ${kind} ${name}`);
    const later = (ms: number, what: () => void): void =>
      void world.schedule(ms, `after ${kind}`, () => {
        if (!this.#isOver) what();
      }, 'nobody');
    const downMs = chance.is(0.8) ? chance.between(50, 1500) : chance.between(1500, 12_000);
    switch (kind) {
      case 'kill':
      case 'power':
        cluster.kill(name, { losesPower: kind === 'power' });
        later(downMs, () => cluster.start(name));
        break;
      case 'fuse': {
        cluster.light(name, { losesPower: chance.is(0.5) });
        later(downMs + 3000, () => cluster.start(name));
        break;
      }
      case 'blackout':
        for (const one of cluster.names) cluster.kill(one, { losesPower: true });
        for (const one of cluster.names) later(chance.between(50, 2000), () => cluster.start(one));
        break;
      case 'stop':
        process?.stop();
        break;
      case 'pause':
        if (process === undefined || process.life.isPaused) break;
        world.pause(process.life);
        later(downMs, () => world.resume(process.life));
        break;
      case 'isolate':
        for (const other of cluster.names) if (other !== name) network.cuts.add(`${name} ${other}`).add(`${other} ${name}`);
        later(downMs, () => network.heal());
        break;
      case 'cut':
      case 'one-way': {
        const other = chance.pick(cluster.names);
        if (other === name) break;
        network.cuts.add(`${name} ${other}`);
        if (kind === 'cut') network.cuts.add(`${other} ${name}`);
        later(downMs, () => network.heal());
        break;
      }
      case 'slow-network':
        network.slowMs = chance.between(5, 400);
        later(downMs, () => (network.slowMs = 0));
        break;
      case 'hang': {
        const disk = chance.pick(cluster.disks);
        disk.isHung = true;
        later(chance.is(0.2) ? chance.between(20_000, 45_000) : downMs, () => (disk.isHung = false));
        break;
      }
      case 'slow-disk': {
        const disk = chance.pick(cluster.disks);
        disk.slowMs = chance.between(20, 1500);
        later(downMs, () => (disk.slowMs = 0));
        break;
      }
      case 'disk-fault': {
        const disk = chance.pick(cluster.disks);
        disk.fault = chance.pick<DiskFault>(['full', 'read-only', 'failing', 'gone']);
        later(downMs, () => (disk.fault = undefined));
        break;
      }
      case 'wipe': {
        const owner = cluster.names.find((one) => cluster.disksOf(one).includes(this.victim))!;
        // Under the running server, or while it is down.
        if (chance.is(0.5)) {
          cluster.kill(owner);
          later(downMs, () => cluster.start(owner));
        }
        this.victim.wipe();
        break;
      }
      case 'rot':
        for (let bits = chance.integer(1, 4); bits > 0; bits--) damageFile(this.victim, chance);
        break;
    }
  }

  #mend(disk: Disk): void {
    disk.isHung = false;
    disk.slowMs = 0;
    disk.fault = undefined;
    disk.fuse = undefined;
  }
}
