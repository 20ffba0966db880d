/**
 * The system object `pool.bin`, on every pool: u16 LE 1, u16 LE 1, then a msgpack map: `v` int 1, `pls` array of maps
 * {`id` int, `cl` str (the pool's arguments), `lu` time, `dec` nil or a map about its decommissioning}.
 */
import { corrupt } from './corrupt.js';
import { eachMember, MsgpackReader } from './msgpack/reader.js';
import { MsgpackWriter } from './msgpack/writer.js';
import { ZERO_TIME_NS } from './time.js';

const HEAD = Uint8Array.of(1, 0, 1, 0);

interface Decommission {
  readonly startedNs: bigint;
  readonly isComplete: boolean;
  readonly isFailed: boolean;
  readonly isCanceled: boolean;
  /** The encoded map, to be written back as it is. */
  readonly encoded: Uint8Array;
}

interface PoolState {
  readonly index: number;
  readonly commandLine: string;
  readonly lastUpdateNs: bigint;
  readonly decommission?: Decommission;
}

/** True where no new data may go to a pool: it is being emptied, or was. */
export function isLeaving(pool: PoolState): boolean {
  return pool.decommission !== undefined && !pool.decommission.isCanceled && !pool.decommission.isFailed;
}

/** The pools of a deployment. Throws metadata-corrupt. */
export function decodePoolBin(bytes: Uint8Array): PoolState[] {
  if (bytes.length < 5 || HEAD.some((byte, i) => bytes[i] !== byte)) throw corrupt('pool.bin does not begin with format 1, version 1');
  const reader = new MsgpackReader(bytes, HEAD.length);
  const pools: PoolState[] = [];
  eachMember(reader, (name) => {
    if (name === 'v') {
      const version = reader.int();
      if (version !== 1) throw corrupt(`pool.bin is of version ${version}; 1 is the only one known`);
      return true;
    }
    if (name !== 'pls') return false;
    if (reader.takeNil()) return true;
    for (let left = reader.arrayLength(); left > 0; left--) pools.push(decodePool(reader));
    return true;
  });
  return pools;
}

/** As RELEASE.2025-10-15 writes it. */
export function encodePoolBin(pools: readonly PoolState[]): Uint8Array {
  const writer = new MsgpackWriter(512);
  writer.raw(HEAD);
  writer.mapLength(2);
  writer.text('v');
  writer.int(1);
  writer.text('pls');
  writer.arrayLength(pools.length);
  for (const pool of pools) {
    writer.mapLength(4);
    writer.text('id');
    writer.int(pool.index);
    writer.text('cl');
    writer.text(pool.commandLine);
    writer.text('lu');
    writer.time(pool.lastUpdateNs);
    writer.text('dec');
    if (pool.decommission === undefined) writer.nil();
    else writer.raw(pool.decommission.encoded);
  }
  return writer.view();
}

function decodePool(reader: MsgpackReader): PoolState {
  const pool = { index: -1, commandLine: '', lastUpdateNs: ZERO_TIME_NS };
  let decommission: Decommission | undefined;
  eachMember(reader, (name) => {
    if (name === 'id') pool.index = reader.int();
    else if (name === 'cl') pool.commandLine = reader.text();
    else if (name === 'lu') pool.lastUpdateNs = reader.time();
    else if (name === 'dec') decommission = reader.takeNil() ? undefined : decodeDecommission(reader.raw());
    else return false;
    return true;
  });
  return { ...pool, ...(decommission && { decommission }) };
}

function decodeDecommission(encoded: Uint8Array): Decommission {
  const reader = new MsgpackReader(encoded);
  const state = { startedNs: ZERO_TIME_NS, isComplete: false, isFailed: false, isCanceled: false };
  eachMember(reader, (name) => {
    if (name === 'st') state.startedNs = reader.time();
    else if (name === 'cmp') state.isComplete = reader.bool();
    else if (name === 'fl') state.isFailed = reader.bool();
    else if (name === 'cnl') state.isCanceled = reader.bool();
    else return false;
    return true;
  });
  return { ...state, encoded };
}
