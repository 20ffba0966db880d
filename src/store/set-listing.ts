/**
 * The keys of one erasure set, in order, each with the versions that a quorum of its drives agrees on. Half of the drives
 * are walked; as every acknowledged change is on more than half, keys that all of them show alike are decided, and only
 * the others are looked up on all drives (docs/architecture.md, "How a read is decided").
 */
import { StorageError, compareKeys, isStorageError, keyAfter } from '../base/index.js';
import type { Drive, WalkEntry, WalkOptions } from '../drive/index.js';
import type { ErasureSet } from '../cluster/index.js';
import { parseXlMetaIndex, type XlVersionEntry } from '../format/index.js';
import { agreedVersions } from './merge-versions.js';

export interface SetEntry {
  readonly key: string;
  readonly isPrefix: boolean;
  /** Newest first; empty for a prefix. */
  readonly versions: readonly XlVersionEntry[];
}

/** One drive's walk with the batch at hand, so that most steps need no promise. */
export class WalkCursor {
  #batch: readonly WalkEntry[] = [];
  #index = 0;
  #isDone = false;
  readonly #iterator: AsyncIterator<WalkEntry[]>;

  constructor(
    readonly drive: Drive,
    readonly detail: WalkOptions['detail'],
    bucket: string,
    options: Omit<WalkOptions, 'detail'>,
  ) {
    this.#iterator = drive.walk(bucket, { ...options, detail })[Symbol.asyncIterator]();
  }

  /** The entry at hand; undefined at the end, or before `fill`. */
  get entry(): WalkEntry | undefined {
    return this.#batch[this.#index];
  }

  get needsFill(): boolean {
    return !this.#isDone && this.#index >= this.#batch.length;
  }

  async fill(): Promise<void> {
    while (this.needsFill) {
      const step = await this.#iterator.next();
      if (step.done === true) this.#isDone = true;
      else {
        this.#batch = step.value;
        this.#index = 0;
      }
    }
  }

  advance(): void {
    this.#index++;
  }

  async close(): Promise<void> {
    this.#isDone = true;
    await this.#iterator.return?.();
  }
}

/** The key that comes next of all that the cursors are at; undefined at the end of them all. */
export function smallestKey(cursors: readonly WalkCursor[]): string | undefined {
  let smallest: string | undefined;
  for (const { entry } of cursors) {
    if (entry !== undefined && (smallest === undefined || compareKeys(entry.key, smallest) < 0)) smallest = entry.key;
  }
  return smallest;
}

export interface SetListingOptions {
  readonly prefix: string;
  readonly from: string;
  readonly recursive: boolean;
  /** Which drives are walked first; rotated by the caller to spread the load. */
  readonly rotation: number;
  readonly signal?: AbortSignal;
}

/** How a walk failed for good: absent buckets count as absence, everything else as not knowing. */
export class SetListing {
  readonly #set: ErasureSet;
  readonly #bucket: string;
  readonly #options: SetListingOptions;
  readonly #spare: Drive[];
  readonly #cursors: WalkCursor[] = [];
  readonly #failures: unknown[] = [];
  #last: string | undefined;

  constructor(set: ErasureSet, bucket: string, options: SetListingOptions) {
    this.#set = set;
    this.#bucket = bucket;
    this.#options = options;
    const online = set.drives.filter((drive): drive is Drive => drive?.state === 'online');
    const healing = new Set(online.filter((drive) => set.isHealing(drive)));
    const rotated = online.map((_, i) => online[(i + options.rotation) % online.length] as Drive);
    this.#spare = [...rotated.filter((drive) => !healing.has(drive)), ...rotated.filter((drive) => healing.has(drive))];
    this.#open();
  }

  /** The next key, undefined at the end. Throws read-quorum where too few drives answer. */
  async next(): Promise<SetEntry | undefined> {
    for (;;) {
      if (this.#cursors.some((cursor) => cursor.needsFill)) await this.#fill();
      const smallest = this.#smallest();
      if (smallest === undefined) return undefined;
      this.#last = smallest.key;
      const resolved = this.#take(smallest) ?? (await this.#lookUp(smallest));
      if (resolved !== undefined) return resolved;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#cursors.map((cursor) => cursor.close()));
  }

  /** Opens walks until as many run as decide a key. */
  #open(): void {
    const wanted = Math.ceil(this.#set.size / 2);
    while (this.#cursors.length < wanted) {
      const drive = this.#spare.shift();
      if (drive === undefined) {
        throw new StorageError('read-quorum', `Listing needs ${wanted} drives of the set, fewer answer`, {
          bucket: this.#bucket,
          cause: this.#failures.length > 0 ? new AggregateError(this.#failures) : undefined,
        });
      }
      const from = this.#last === undefined ? this.#options.from : keyAfter(this.#last);
      const hasRecords = this.#cursors.some((cursor) => cursor.detail === 'records');
      this.#cursors.push(new WalkCursor(drive, hasRecords ? 'headers' : 'records', this.#bucket, { ...this.#options, from }));
    }
  }

  /** Fills every cursor; a drive whose walk fails is replaced by another, which starts where the listing stands. */
  async #fill(): Promise<void> {
    for (;;) {
      const results = await Promise.allSettled(this.#cursors.map((cursor) => cursor.fill()));
      if (results.every((result) => result.status === 'fulfilled')) return;
      for (let i = results.length - 1; i >= 0; i--) {
        const result = results[i];
        if (result?.status !== 'rejected') continue;
        const [failed] = this.#cursors.splice(i, 1);
        this.#failures.push(result.reason);
        await failed?.close().catch(() => undefined);
      }
      this.#options.signal?.throwIfAborted();
      this.#open();
    }
  }

  #smallest(): WalkEntry | undefined {
    let smallest: WalkEntry | undefined;
    for (const { entry } of this.#cursors) {
      if (entry === undefined) continue;
      if (smallest === undefined || compareEntries(entry, smallest) < 0) smallest = entry;
    }
    return smallest;
  }

  /** Takes the entry off every cursor that has it; gives the result where all agree, undefined where they do not. */
  #take(smallest: WalkEntry): SetEntry | undefined {
    let agree = true;
    let records: Uint8Array | undefined;
    const headers: Uint8Array[] = [];
    for (const cursor of this.#cursors) {
      const { entry } = cursor;
      if (entry === undefined || compareEntries(entry, smallest) !== 0) {
        agree = false;
        continue;
      }
      cursor.advance();
      if (entry.isPrefix) continue;
      if (entry.meta === undefined || entry.meta.length === 0) agree = false;
      else if (cursor.detail === 'records') records = entry.meta;
      else headers.push(entry.meta);
    }
    if (!agree) return undefined;
    if (smallest.isPrefix) return { key: smallest.key, isPrefix: true, versions: [] };
    const versions = records === undefined ? undefined : parseOrUndefined(records);
    if (versions === undefined || !headers.every((bytes) => sameHeaders(versions, bytes))) return undefined;
    return { key: smallest.key, isPrefix: false, versions };
  }

  /** Asks every drive for a key that the walks did not agree on; undefined where no quorum has it. */
  async #lookUp(entry: WalkEntry): Promise<SetEntry | undefined> {
    const { key } = entry;
    if (entry.isPrefix) return (await this.#prefixHasLiveKey(key)) ? { key, isPrefix: true, versions: [] } : undefined;
    const versions = await agreedVersions(this.#set, this.#bucket, key);
    return versions.length === 0 ? undefined : { key, isPrefix: false, versions };
  }

  async #prefixHasLiveKey(prefix: string): Promise<boolean> {
    const { rotation, signal } = this.#options;
    const below = new SetListing(this.#set, this.#bucket, {
      prefix,
      from: prefix,
      recursive: true,
      rotation,
      ...(signal && { signal }),
    });
    try {
      return (await below.next()) !== undefined;
    } finally {
      await below.close();
    }
  }
}

/** A key and a prefix of the same name are different entries; the key comes first. */
function compareEntries(a: WalkEntry, b: WalkEntry): number {
  return compareKeys(a.key, b.key) || Number(a.isPrefix) - Number(b.isPrefix);
}

export function parseOrUndefined(bytes: Uint8Array): readonly XlVersionEntry[] | undefined {
  try {
    return parseXlMetaIndex(bytes).versions;
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

export function sameHeaders(versions: readonly XlVersionEntry[], concatenated: Uint8Array): boolean {
  let at = 0;
  for (const { headerBytes } of versions) {
    if (at + headerBytes.length > concatenated.length) return false;
    for (let i = 0; i < headerBytes.length; i++) if (headerBytes[i] !== concatenated[at + i]) return false;
    at += headerBytes.length;
  }
  return at === concatenated.length;
}
