/** The disks of a simulation, and the files that its processes have open on them. */
import type { Disk, Inode } from './disk.js';
import type { Life, World } from './world.js';

export interface OpenFile {
  readonly disk: Disk;
  readonly inode: Inode;
  readonly life: Life | undefined;
  position: number;
}

/** All disks of a simulation are mounted below this. */
export const MOUNTS = '/simulated/';
const FIRST_DESCRIPTOR = 1_000_000_000;

export class FileSystems {
  readonly disks = new Map<string, Disk>();
  readonly #open = new Map<number, OpenFile>();
  #lastDescriptor = FIRST_DESCRIPTOR;

  constructor(readonly world: World) {}

  mount(disk: Disk): void {
    this.disks.set(disk.path, disk);
  }

  /** The disk that a path is on, and the path below its root. */
  locate(path: string): { readonly disk: Disk; readonly names: string[] } | undefined {
    const [node, drive, ...names] = path.slice(MOUNTS.length).split('/');
    const disk = this.disks.get(`${MOUNTS}${node}/${drive ?? ''}`);
    return disk && { disk, names: names.filter((name) => name !== '') };
  }

  open(disk: Disk, inode: Inode): number {
    const descriptor = ++this.#lastDescriptor;
    this.#open.set(descriptor, { disk, inode, life: this.world.current, position: 0 });
    return descriptor;
  }

  isOurs(descriptor: number): boolean {
    return descriptor > FIRST_DESCRIPTOR;
  }

  file(descriptor: number): OpenFile | undefined {
    return this.#open.get(descriptor);
  }

  close(descriptor: number): boolean {
    return this.#open.delete(descriptor);
  }

  /** Descriptors that the living have open. */
  get openCount(): number {
    return [...this.#open.values()].filter(({ life }) => life?.isDead !== true).length;
  }
}
