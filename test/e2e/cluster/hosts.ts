/**
 * The machines of a test cluster. Either loopback addresses of this one, or network namespaces on a bridge of their own,
 * which are machines as far as the network goes: links can be cut there.
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

export interface Hosts {
  /** Address of machine 1, 2, ... */
  address(machine: number): string;
  /** Words before a command that make it run on the machine. */
  on(machine: number): readonly string[];
  /** Whatever one sends to the other vanishes, both ways, and nobody is told. */
  cut(a: number, b: number): void;
  mend(): void;
  close(): void;
}

export class LoopbackHosts implements Hosts {
  address(machine: number): string {
    return `127.0.0.${machine}`;
  }

  on(): readonly string[] {
    return [];
  }

  cut(): void {
    throw new Error('loopback addresses cannot be cut off; use namespaces');
  }

  mend(): void {
    // Nothing can be cut.
  }

  close(): void {
    // Nothing was made.
  }
}

const ip = (...words: string[]): void => void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Needs root. Names are drawn, so that several runs on one machine do not meet. */
export class NamespaceHosts implements Hosts {
  readonly #name: string;
  readonly #network: string;
  readonly #cuts: [number, string][] = [];

  constructor(readonly count: number) {
    const number = randomInt(1, 250);
    this.#name = `mts${process.pid % 10_000}x${number}`;
    this.#network = `10.${randomInt(180, 250)}.${number}`;
    const bridge = `${this.#name}b`;
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${this.#network}.254/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    for (let machine = 1; machine <= count; machine++) {
      const space = this.#space(machine);
      const [outside, inside] = [`${this.#name}o${machine}`, `${this.#name}i${machine}`];
      ip('netns', 'add', space);
      ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
      ip('link', 'set', outside, 'master', bridge, 'up');
      ip('link', 'set', inside, 'netns', space);
      ip('-n', space, 'addr', 'add', `${this.address(machine)}/24`, 'dev', inside);
      ip('-n', space, 'link', 'set', inside, 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
  }

  address(machine: number): string {
    return `${this.#network}.${machine}`;
  }

  on(machine: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#space(machine)];
  }

  cut(a: number, b: number): void {
    for (const [here, there] of [[a, b], [b, a]] as const) {
      ip('-n', this.#space(here), 'route', 'add', 'blackhole', `${this.address(there)}/32`);
      this.#cuts.push([here, this.address(there)]);
    }
  }

  mend(): void {
    for (const [machine, address] of this.#cuts.splice(0)) ip('-n', this.#space(machine), 'route', 'del', 'blackhole', `${address}/32`);
  }

  close(): void {
    for (let machine = 1; machine <= this.count; machine++) ip('netns', 'del', this.#space(machine));
    ip('link', 'del', `${this.#name}b`);
  }

  #space(machine: number): string {
    return `${this.#name}n${machine}`;
  }
}
