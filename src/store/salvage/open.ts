/** The bytes of a version that can be saved, read as the server reads them. */
import { StorageError } from '../../base/index.js';
import type { ObjectVersion } from '../../format/index.js';
import { decodeInline, isInlineVersion } from '../inline-reader.js';
import { Latency } from '../latency.js';
import type { FoundVersion } from '../read-version.js';
import { StripeReader } from '../stripe-reader.js';
import type { ByteRange } from '../types.js';

/** A version that is to be read, and where it is. */
export interface SalvageRead {
  readonly found: FoundVersion;
  readonly version: ObjectVersion;
  readonly volume: string;
  /** The object's folder in the volume. */
  readonly path: string;
}

/** Each buffer is valid until the next is asked for. Throws read-quorum where too few shards are good, aborted. */
export async function* readSalvaged({ found, version, volume, path }: SalvageRead, options: { readonly range?: ByteRange; readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<Uint8Array, void> {
  const range = options.range ?? { start: 0, length: version.size };
  if (range.length === 0) return;
  if (isInlineVersion(found, version)) {
    const body = decodeInline(found, version);
    if (body === undefined) throw new StorageError('read-quorum', `Fewer than ${version.erasure.dataShards} drives have good data of ${volume}/${path}`);
    yield body.subarray(range.start, range.start + range.length);
    return;
  }
  const reader = new StripeReader(found, version, volume, path, new Latency(), () => undefined);
  try {
    yield* reader.read(range, options.signal);
  } finally {
    reader.close();
  }
}

/** The same version with each drive, then each two of them, left out, as long as enough are left: where its bytes are not what they were, one of these may be. */
export function* withoutDrives(found: FoundVersion, version: ObjectVersion): Generator<FoundVersion, void> {
  const { dataShards } = version.erasure;
  const seated = found.set.drives.flatMap((drive, slot) => (drive === undefined ? [] : [slot]));
  const without = (slots: readonly number[]): FoundVersion => ({
    ...found,
    slots: found.slots.filter((slot) => !slots.includes(slot)),
    set: { ...found.set, drives: found.set.drives.map((drive, slot) => (slots.includes(slot) ? undefined : drive)) },
  });
  if (seated.length > dataShards) for (const slot of seated) yield without([slot]);
  if (seated.length <= dataShards + 1) return;
  for (const [i, one] of seated.entries()) for (const other of seated.slice(i + 1)) yield without([one, other]);
}
