/** Counts what a bucket holds, key by key. */
import { decodeVersion, sizeRange, versionRange, type BucketUsage, type XlVersionEntry } from '../../format/index.js';
import { isStorageError } from '../../base/index.js';

export class BucketCount {
  #size = 0;
  #objects = 0;
  #versions = 0;
  #deleteMarkers = 0;
  readonly #sizes = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** A key's versions, free versions left out of account. */
  add(entries: readonly XlVersionEntry[]): void {
    this.addSizes(entries.flatMap((entry) => (entry.header.isFreeVersion ? [] : [sizeOf(entry)])));
  }

  /** A key by its versions' sizes, undefined for delete markers and what cannot be read. */
  addSizes(sizes: readonly (number | undefined)[]): void {
    const objects = sizes.filter((size) => size !== undefined);
    if (objects.length > 0) this.#objects++;
    this.#versions += objects.length;
    this.#deleteMarkers += sizes.length - objects.length;
    for (const size of objects) {
      this.#size += size;
      raise(this.#sizes, sizeRange(size));
    }
    if (sizes.length > 0) raise(this.#counts, versionRange(sizes.length));
  }

  get usage(): BucketUsage {
    return {
      size: this.#size,
      objects: this.#objects,
      versions: this.#versions,
      deleteMarkers: this.#deleteMarkers,
      sizeHistogram: this.#sizes,
      versionHistogram: this.#counts,
    };
  }
}

function sizeOf(entry: XlVersionEntry): number | undefined {
  if (entry.header.type === 'delete-marker') return undefined;
  try {
    const version = decodeVersion(entry);
    return version.kind === 'object' ? version.size : undefined;
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return undefined;
    throw error;
  }
}

function raise(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
