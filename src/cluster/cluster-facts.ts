/** What the nodes of a cluster must have been told alike: the drives, in the same order. */
import type { ClusterLayout } from './endpoints.js';

interface PoolFacts {
  readonly commandLine: string;
  readonly drives: readonly string[];
  readonly setSize: number;
}

/** What a node says of its arguments. */
export function layoutFacts(layout: ClusterLayout): readonly PoolFacts[] {
  return layout.pools.map(({ commandLine, drives, setSize }) => ({ commandLine, drives: drives.map(({ node, path }) => `${node?.name ?? ''}${path}`), setSize }));
}

/** How another node's arguments differ from ours, as a sentence for the logs of both; undefined where they are the same. */
export function layoutDifference(layout: ClusterLayout, node: string, facts: unknown): string | undefined {
  const own = layoutFacts(layout);
  const others = Array.isArray(facts) ? (facts as Partial<PoolFacts>[]) : [];
  if (others.length !== own.length) return `node ${node} was started with ${count(others.length, 'pool')}, this node with ${count(own.length, 'pool')}; start all nodes with the same arguments`;
  for (const [index, pool] of own.entries()) {
    const other = others[index];
    const drives = Array.isArray(other?.drives) ? other.drives : [];
    const which = own.length === 1 ? '' : ` for pool ${index + 1}`;
    if (drives.length !== pool.drives.length) return `node ${node} was started with ${count(drives.length, 'drive')}${which}, this node with ${count(pool.drives.length, 'drive')}; start all nodes with the same arguments`;
    const position = pool.drives.findIndex((drive, slot) => drive !== drives[slot]);
    if (position >= 0) {
      return `node ${node} has ${String(drives[position])} as drive ${position + 1}${which}, this node ${pool.drives[position] ?? ''}; start all nodes with the same arguments in the same order`;
    }
    if (other?.setSize !== pool.setSize) {
      return `node ${node} makes sets of ${String(other?.setSize)} drives${which}, this node of ${pool.setSize}; set MINIO_ERASURE_SET_DRIVE_COUNT alike on all nodes`;
    }
  }
  return undefined;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
