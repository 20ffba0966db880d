/** Whether the shards of one stripe fit each other: each has its own hash, but only parity shows that they are of one write. */
import { erasureCodec } from '../../erasure/index.js';
import { sameBytes } from '../quorum.js';

/**
 * `fits`: all that are there agree. `odd`: without these (0-based) the others agree. `unclear`: they disagree and too few are left to
 * say which is wrong. `unproven`: no more are there than are needed, so that nothing can be compared.
 */
export type StripeVerdict = { readonly kind: 'fits' | 'unclear' | 'unproven' } | { readonly kind: 'odd'; readonly shards: readonly number[] };

/** `shards` by 0-based index, of one size; undefined where there is none. */
export function judgeStripe(shards: readonly (Uint8Array | undefined)[], dataShards: number): StripeVerdict {
  const present = shards.flatMap((shard, i) => (shard === undefined ? [] : [i]));
  if (present.length <= dataShards) return { kind: 'unproven' };
  if (agree(shards, present, dataShards)) return { kind: 'fits' };
  // One less must still leave something to compare.
  if (present.length > dataShards + 1) {
    for (const one of present) {
      if (agree(shards, present.filter((i) => i !== one), dataShards)) return { kind: 'odd', shards: [one] };
    }
  }
  return { kind: 'unclear' };
}

/** True where the first of these give the rest of them. */
function agree(shards: readonly (Uint8Array | undefined)[], among: readonly number[], dataShards: number): boolean {
  const known = new Array<Uint8Array | undefined>(shards.length).fill(undefined);
  for (const i of among.slice(0, dataShards)) known[i] = shards[i];
  const rest = among.slice(dataShards);
  const targets = rest.map((i) => new Uint8Array(shards[i]?.length ?? 0));
  erasureCodec(dataShards, shards.length - dataShards).reconstruct(known, rest, targets);
  return rest.every((i, at) => sameBytes(shards[i] ?? EMPTY, targets[at] ?? EMPTY));
}

const EMPTY = new Uint8Array();
