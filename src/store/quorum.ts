/**
 * Where the answers of a set's drives become one outcome. Pure functions; nobody else counts answers. The rules, for a set
 * of N drives and an object of k data and m parity shards:
 *
 * | change or question                  | drives that must succeed or agree   |
 * |-------------------------------------|-------------------------------------|
 * | write an object, its metadata       | k, one more where k = m             |
 * | write a delete marker, remove       | floor(N/2) + 1                      |
 * | read an object                      | k                                   |
 * | read a delete marker, an empty one  | N - floor(N/2)                      |
 * | "there is no such object"           | ceil(N/2) drives that are not being healed |
 */
import { StorageError, isStorageError, type StorageErrorCode } from '../base/index.js';
import { deleteQuorum, readQuorum, writeQuorum } from '../cluster/index.js';
export { deleteQuorum as deleteQuorumOf } from '../cluster/index.js';
import { NULL_VERSION_ID, decodeVersion, entryIdentity, entryShardIndex, type Version, type XlVersionEntry } from '../format/index.js';

/** What became of one drive's call. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** What one drive says about a key: its versions, newest first; that it has none; or nothing that counts. */
export type DriveSays = readonly XlVersionEntry[] | 'absent' | 'unknown';

export interface Named {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** Drives whose "no such object" together prove it: what was acknowledged is on more than half. */
export function absenceQuorumOf(setSize: number): number {
  return Math.ceil(setSize / 2);
}

/** Throws what a write is answered with when fewer than `quorum` drives took it; the causes are attached. */
export function requireWriteQuorum(outcomes: readonly Outcome<unknown>[], quorum: number, what: string, named: Named): void {
  const failed = outcomes.flatMap((outcome): unknown[] => (outcome.ok ? [] : [outcome.error]));
  const succeeded = outcomes.length - failed.length;
  if (succeeded >= quorum) return;
  const count = (...codes: StorageErrorCode[]): number => failed.filter((error) => isStorageError(error, ...codes)).length;
  const details = { bucket: named.bucket, key: named.key, versionId: named.versionId, cause: new AggregateError(failed) };
  const isBecauseOf = (...codes: StorageErrorCode[]): boolean => outcomes.length - count(...codes) < quorum;
  if (isBecauseOf('volume-not-found')) throw new StorageError('bucket-not-found', `There is no bucket ${named.bucket}`, details);
  if (isBecauseOf('file-name-invalid')) {
    throw new StorageError('object-name-invalid', `The drives refuse the name ${named.key}; choose another`, details);
  }
  if (isBecauseOf('file-access-denied', 'file-exists')) {
    throw new StorageError('object-name-invalid', `A file of another object stands where ${named.key} would go; choose another name`, details);
  }
  if (isBecauseOf('drive-full')) {
    throw new StorageError('storage-full', `${what} failed: only ${outcomes.length - count('drive-full')} of ${outcomes.length} drives have room, ${quorum} are needed`, details);
  }
  throw new StorageError('write-quorum', `${what} reached ${succeeded} of ${outcomes.length} drives, ${quorum} are needed`, details);
}

/** What a drive's failed look-up of a key says. An unformatted or foreign drive says nothing. */
export function sayOfError(error: unknown): 'absent' | 'unknown' {
  return isStorageError(error, 'file-not-found', 'volume-not-found') ? 'absent' : 'unknown';
}

/** One version on the drives of a set that agree on it. */
export interface AgreedVersion {
  readonly entry: XlVersionEntry;
  readonly version: Version;
  /** Slots of the drives that hold it. */
  readonly slots: readonly number[];
}

export type Decision =
  | { readonly kind: 'found'; readonly agreed: AgreedVersion }
  /** Proven by enough drives. `isFinal`: whatever the drives say that have not said anything yet. */
  | { readonly kind: 'absent'; readonly isFinal: boolean }
  /** Too few drives answered, or no version is on enough of them. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Decides which version a set holds under an id (undefined: the latest). A version that drives could still turn out to
 * have acknowledged makes the answer `unknown`; one that too few can hold is a leftover and is passed over.
 */
export function decideVersion(says: readonly DriveSays[], versionId: string | undefined): Decision {
  const size = says.length;
  const unknown = says.filter((say) => say === 'unknown').length;
  const groups = groupVersions(says, versionId);
  for (const group of groups) {
    const count = group.holders.length;
    const needs = quorumsOf(group.entry, size, count);
    if (needs !== undefined && count >= needs.read) {
      const agreed = agreeOnRecord(group.holders, needs.read);
      if (agreed !== undefined) return { kind: 'found', agreed };
    }
    if (needs === undefined) continue;
    if (count + unknown >= needs.write) {
      return { kind: 'unknown', why: `${count} of ${size} drives hold it, ${needs.read} must, ${unknown} cannot say` };
    }
  }
  const absent = says.filter((say) => say === 'absent' || (say !== 'unknown' && !say.some((entry) => isWanted(entry, versionId)))).length;
  if (absent >= absenceQuorumOf(size)) {
    const largest = Math.max(0, ...groups.map((group) => group.holders.length));
    return { kind: 'absent', isFinal: largest + unknown < absenceQuorumOf(size) };
  }
  const holders = size - absent - unknown;
  return { kind: 'unknown', why: `${absent} of ${size} drives lack it, ${holders} hold versions that no quorum shares, ${unknown} cannot say` };
}

interface Holder {
  readonly slot: number;
  readonly entry: XlVersionEntry;
}
interface Group {
  readonly entry: XlVersionEntry;
  readonly holders: Holder[];
}

function isWanted(entry: XlVersionEntry, versionId: string | undefined): boolean {
  if (entry.header.isFreeVersion) return false;
  return versionId === undefined || entry.header.versionId === versionId;
}

/** Versions by identity, newest first. MinIO compares these fields, and the mod time. */
function groupVersions(says: readonly DriveSays[], versionId: string | undefined): Group[] {
  const groups = new Map<string, Group>();
  says.forEach((say, slot) => {
    if (say === 'absent' || say === 'unknown') return;
    for (const entry of say) {
      if (!isWanted(entry, versionId)) continue;
      const { header } = entry;
      const name = `${header.versionId} ${header.type} ${header.modTimeNs} ${header.dataShards} ${header.parityShards}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { entry, holders: [{ slot, entry }] });
      else group.holders.push({ slot, entry });
    }
  });
  return [...groups.values()].sort((a, b) => compareNewestFirst(a.entry, b.entry));
}

function compareNewestFirst(a: XlVersionEntry, b: XlVersionEntry): number {
  if (a.header.modTimeNs !== b.header.modTimeNs) return a.header.modTimeNs > b.header.modTimeNs ? -1 : 1;
  return a.header.versionId === b.header.versionId ? 0 : a.header.versionId < b.header.versionId ? 1 : -1;
}

/** Drives that must hold a version for it to be read, and that held it if it was acknowledged; undefined where its record cannot be read. */
function quorumsOf(entry: XlVersionEntry, setSize: number, count: number): { readonly read: number; readonly write: number } | undefined {
  const half = setSize - Math.floor(setSize / 2);
  const { header } = entry;
  if (header.type === 'delete-marker') return { read: half, write: deleteQuorum(setSize) };
  if (header.dataShards > 0 && count >= header.dataShards) {
    return { read: readQuorum(header.dataShards), write: writeQuorum(header.dataShards, header.parityShards) };
  }
  const version = decodeOrUndefined(entry);
  if (version?.kind !== 'object') return undefined;
  const { dataShards, parityShards } = version.erasure;
  return { read: version.size > 0 ? readQuorum(dataShards) : half, write: writeQuorum(dataShards, parityShards) };
}

/**
 * Signatures differ where a change of metadata missed a drive, and where old releases wrote the version: what reading
 * depends on must be the same on a quorum then, and the most frequent metadata is taken.
 */
function agreeOnRecord(holders: readonly Holder[], quorum: number): AgreedVersion | undefined {
  const first = holders[0];
  if (first === undefined) return undefined;
  if (holders.every(({ entry }) => sameBytes(entry.header.signature, first.entry.header.signature))) return representative(holders);
  const group = sameContent(holders).find(({ length }) => length >= quorum);
  return group && mostFrequentRecord(group);
}

/** Holders whose records can be read, by what reading depends on. */
function sameContent(holders: readonly Holder[]): Holder[][] {
  const byContent = new Map<string, Holder[]>();
  for (const holder of holders) {
    const version = decodeOrUndefined(holder.entry);
    if (version === undefined) continue;
    const content = contentOf(version);
    const known = byContent.get(content);
    if (known === undefined) byContent.set(content, [holder]);
    else known.push(holder);
  }
  return [...byContent.values()];
}

function mostFrequentRecord(group: readonly Holder[]): AgreedVersion | undefined {
  const bySignature = new Map<string, Holder[]>();
  for (const holder of group) {
    const signature = entryIdentity(holder.entry).join();
    bySignature.set(signature, [...(bySignature.get(signature) ?? []), holder]);
  }
  const [mostFrequent] = [...bySignature.values()].sort((a, b) => b.length - a.length);
  const agreed = representative(mostFrequent ?? group);
  return agreed && { ...agreed, slots: group.map(({ slot }) => slot) };
}

/**
 * Every version that any drive holds, newest first, with all who could serve it together, however few they are: what there is
 * to save where no quorum is left. Of one id there may be several, written one over another.
 */
export function heldVersions(says: readonly DriveSays[]): AgreedVersion[] {
  return groupVersions(says, undefined).flatMap(({ holders }) => {
    const [first] = holders;
    const isSame = first !== undefined && holders.every(({ entry }) => sameBytes(entry.header.signature, first.entry.header.signature));
    const groups = isSame ? [holders] : sameContent(holders).sort((a, b) => b.length - a.length);
    return groups.flatMap((group) => mostFrequentRecord(group) ?? []);
  });
}

/** The first record that can be read, for all who hold the same. */
function representative(holders: readonly Holder[]): AgreedVersion | undefined {
  for (const { entry } of holders) {
    const version = decodeOrUndefined(entry);
    if (version !== undefined) return { entry, version, slots: holders.map(({ slot }) => slot) };
  }
  return undefined;
}

/** What two drives must have in common to serve one version together. */
function contentOf(version: Version): string {
  if (version.kind === 'delete-marker') return 'delete-marker';
  const { erasure, parts, metaSys } = version;
  const kinds = [...metaSys.keys()]
    .map((name) => name.toLowerCase())
    .filter((name) => /-compression$|-sealed-key$|-transition-(status|tier|transitioned-object)$/.test(name))
    .sort();
  const layout = version.size === 0 ? '' : `${erasure.dataShards}+${erasure.parityShards} ${erasure.distribution.join()}`;
  return `${layout} ${parts.map((part) => `${part.number}:${part.size}`).join()} ${kinds.join()}`;
}

function decodeOrUndefined(entry: XlVersionEntry): Version | undefined {
  try {
    return decodeVersion(entry);
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

/**
 * True unless a drive's record says that its data is another drive's shard: put there by somebody's hand, or written while drives
 * changed places. The bitrot hashes of such data are right.
 */
export function isOwnShard(held: XlVersionEntry, version: Version, slot: number): boolean {
  if (version.kind !== 'object' || held.header.type === 'delete-marker') return true;
  return entryShardIndex(held) === version.erasure.distribution[slot];
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** True where two drives hold the same version. What signatures of legacy versions cover differs from drive to drive. */
export function sameHeader(a: XlVersionEntry, b: XlVersionEntry): boolean {
  return sameBytes(a.headerBytes, b.headerBytes) || (a.header.type === 'legacy' && b.header.type === 'legacy' && a.header.modTimeNs === b.header.modTimeNs && sameBytes(entryIdentity(a), entryIdentity(b)));
}

/** True where two drives list the same versions: header by header, in order. */
export function sameVersions(a: readonly XlVersionEntry[], b: readonly XlVersionEntry[]): boolean {
  return a.length === b.length && a.every((entry, i) => b[i] !== undefined && sameHeader(entry, b[i]));
}

/** The error of a key that is proven not to be there. */
export function notFoundError({ bucket, key, versionId }: Named): StorageError {
  if (versionId === undefined) return new StorageError('object-not-found', `There is no object ${key} in ${bucket}`, { bucket, key });
  const name = versionId === NULL_VERSION_ID ? 'null version' : `version ${versionId}`;
  return new StorageError('version-not-found', `There is no ${name} of ${key} in ${bucket}`, { bucket, key, versionId });
}
