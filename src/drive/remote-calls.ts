/**
 * What a drive and the node that owns it say to each other. Every operation is `drive.<name>`; its payload begins with the
 * drive's path on its node and the id that it must carry (null where nobody knows one yet), and its answer with the
 * state that the drive is in.
 */
import type { Drive, DriveState, WalkOptions } from './drive.js';

/** Calls with plain arguments and a plain answer: a row here and a method in RemoteDrive make one. */
export const PLAIN_CALLS = [
  'info', 'makeVolume', 'statVolume', 'listVolumes', 'deleteVolume',
  'readFile', 'writeFile', 'listDir', 'remove', 'readXlMeta',
  'stage', 'commit', 'settle', 'listStaged', 'commitPart',
  'statParts', 'verifyPart', 'moveData',
  'noteMissed', 'listMissed', 'forgetMissed',
] as const satisfies readonly (keyof Drive)[];

export type PlainCall = (typeof PLAIN_CALLS)[number];

export type DriveAddress = readonly [path: string, id: string | null];
export type StatedAnswer = readonly [state: DriveState, value: unknown];

/** Shard data of one message: so much waits whole in memory on the other side. */
export const SHARD_BYTES_MAX = 16 * 1024 * 1024;

/** A part file being written; the position shows the other side that nothing before is missing. */
export type PartPayload = readonly [...DriveAddress, writer: number, transaction: string, dataDir: string, partNumber: number, position: number];
export type ReaderPayload = readonly [...DriveAddress, reader: number, volume: string, folder: string, dataDir: string];
export type ReadPayload = readonly [...DriveAddress, reader: number, partNumber: number, offset: number, length: number];
export type WalkPayload = readonly [...DriveAddress, volume: string, options: { readonly prefix: string; readonly from: string; readonly recursive: boolean; readonly detail: WalkOptions['detail'] }];
/** Key, and the meta of what is no prefix. */
export type WalkItem = readonly (readonly [key: string, meta: Uint8Array | null])[];
