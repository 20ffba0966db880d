/** Nodes, drives and network of one simulation, and what can befall them. */
import { Disk } from './disk.js';
import { FileSystems, MOUNTS } from './file-systems.js';
import { Network } from './network.js';
import { NodeProcess, PORT } from './node.js';
import { EPOCH_MS, Life, type World } from './world.js';

export interface ClusterShape {
  readonly nodes: number;
  readonly drivesPerNode: number;
}

export class Cluster {
  readonly files: FileSystems;
  readonly network: Network;
  /** Names of nodes, `n1:9000`. */
  readonly names: readonly string[];
  readonly args: readonly string[];
  readonly processes = new Map<string, NodeProcess>();
  /** What must never be logged. */
  readonly complaints: string[] = [];
  /** Told when a process ends, for whatever waits for its answers. */
  onEnd: (process: NodeProcess) => void = () => {};
  #lifeCount = 0;

  constructor(
    readonly world: World,
    readonly shape: ClusterShape,
  ) {
    this.files = new FileSystems(world);
    this.network = new Network(world);
    this.names = Array.from({ length: shape.nodes }, (_, index) => `n${index + 1}:${PORT}`);
    const nowMs = (): number => EPOCH_MS + world.nowMs;
    const paths = this.names.flatMap((name) => Array.from({ length: shape.drivesPerNode }, (_, index) => `${MOUNTS}${name.split(':')[0]}/d${index + 1}`));
    for (const path of paths) this.files.mount(new Disk(path, nowMs));
    this.args = paths.map((path) => (shape.nodes === 1 ? path : `http://${path.split('/')[2]}:${PORT}${path}`));
  }

  get disks(): readonly Disk[] {
    return [...this.files.disks.values()];
  }

  disksOf(name: string): readonly Disk[] {
    return this.disks.filter(({ path }) => path.split('/')[2] === name.split(':')[0]);
  }

  process(name: string): NodeProcess | undefined {
    const process = this.processes.get(name);
    return process?.life.isDead === true ? undefined : process;
  }

  get serving(): readonly NodeProcess[] {
    return [...this.processes.values()].filter(({ isServing }) => isServing);
  }

  start(name: string): void {
    if (this.process(name) !== undefined) return;
    const life = new Life(`${name.split(':')[0]}#${++this.#lifeCount}`);
    const process = new NodeProcess(this, name, life);
    this.processes.set(name, process);
    this.world.schedule(0, `${life.name} starts`, () => {
      process.start().catch((error: unknown) => {
        process.failure = error;
        this.world.note(`could not start: ${String(error)}`);
        this.kill(name);
        this.world.schedule(1000, 'start again', () => this.start(name), 'nobody');
      });
    }, life);
  }

  /** `kill -9`; with its power gone, nobody hears of it and drives lose what they had not synced. */
  kill(name: string, options: { readonly losesPower: boolean } = { losesPower: false }): void {
    const process = this.process(name);
    if (process !== undefined) {
      this.world.note(`${process.life.name} ${options.losesPower ? 'loses its power' : 'is killed'}`);
      this.world.kill(process.life);
      this.network.ended(process.life, options.losesPower);
      this.onEnd(process);
    }
    for (const disk of this.disksOf(name)) {
      disk.fuse = undefined;
      if (options.losesPower) disk.cutPower(this.world.chance);
    }
  }

  /** It dies in the midst of what one of its drives does next. */
  light(name: string, options: { readonly losesPower: boolean }): void {
    const { chance } = this.world;
    const disk = chance.pick(this.disksOf(name));
    disk.fuse = {
      left: chance.integer(0, 12),
      burn: () => {
        this.kill(name, options);
        throw new Error('the process is dead');
      },
    };
    this.world.schedule(3000, 'the fuse goes out', () => (disk.fuse = undefined), 'nobody');
  }
}
