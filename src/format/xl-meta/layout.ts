/** Whether an erasure layout found on a drive is one that a set could have. */
import { SET_DRIVES_MAX } from '../../base/index.js';
import { corrupt } from '../corrupt.js';
import type { ErasureLayout } from '../model.js';

/** Every release wrote 1 or 10 MiB; more would only make readers reserve memory for nothing. */
const BLOCK_SIZE_BYTES_MAX = 10 * 1024 * 1024;

/** Refuses a layout that no erasure set could have: it decides on sizes of memory and indexes of drives. */
export function checkLayout(layout: ErasureLayout): ErasureLayout {
  const { dataShards, parityShards, blockSizeBytes, distribution } = layout;
  const count = dataShards + parityShards;
  if (dataShards < 1 || dataShards < parityShards || count > SET_DRIVES_MAX) {
    throw corrupt(`an object version claims ${dataShards} data and ${parityShards} parity shards`);
  }
  if (blockSizeBytes < 1 || blockSizeBytes > BLOCK_SIZE_BYTES_MAX) throw corrupt(`an object version claims blocks of ${blockSizeBytes} bytes`);
  let seen = 0;
  for (const index of distribution) if (index >= 1 && index <= count) seen |= 1 << index;
  if (distribution.length !== count || seen !== (1 << (count + 1)) - 2) {
    throw corrupt(`an object version spreads ${count} shards over the drives as [${distribution.slice(0, 20).join()}]`);
  }
  return layout;
}
