/**
 * Pages of a bucket's listing (S3: ListObjects, ListObjectsV2, ListObjectVersions): the sets of all pools merged by key,
 * rolled up at the delimiter, cut at the limit.
 */
import { compareKeys, keyAfter, keyAfterPrefix } from '../base/index.js';
import { allSets, type Deployment } from '../cluster/index.js';
import { compareHeaders, decodeVersion, type Version, type XlVersionEntry } from '../format/index.js';
import { SetListing, type SetEntry } from './set-listing.js';
import type { ListOptions, ObjectInfo, ObjectListing, VersionInfo, VersionListing } from './types.js';

/** Entries passed over below one rolled-up prefix before the walk is reopened behind it: reopening costs a descent on each drive. */
const SKIP_MAX = 256;

/** Listings of each deployment so far: each begins with another drive. */
const rotations = new WeakMap<Deployment, number>();

/** All sets' listings merged by key. */
class DeploymentListing {
  readonly #listings: { readonly listing: SetListing; entry: SetEntry | undefined; isFresh: boolean }[];

  constructor(deployment: Deployment, bucket: string, options: { prefix: string; from: string; recursive: boolean }) {
    const rotation = (rotations.get(deployment) ?? 0) + 1;
    rotations.set(deployment, rotation);
    this.#listings = allSets(deployment).map((set) => ({
      listing: new SetListing(set, bucket, { ...options, rotation }),
      entry: undefined,
      isFresh: false,
    }));
  }

  async next(): Promise<SetEntry | undefined> {
    const stale = this.#listings.filter((one) => !one.isFresh);
    await Promise.all(
      stale.map(async (one) => {
        one.entry = await one.listing.next();
        one.isFresh = true;
      }),
    );
    let smallest: SetEntry | undefined;
    for (const { entry } of this.#listings) {
      if (entry === undefined) continue;
      const order = smallest === undefined ? -1 : compareKeys(entry.key, smallest.key) || Number(entry.isPrefix) - Number(smallest.isPrefix);
      if (order < 0) smallest = entry;
      else if (order === 0 && smallest !== undefined) smallest = unite(smallest, entry);
    }
    if (smallest === undefined) return undefined;
    for (const one of this.#listings) {
      if (one.entry?.key === smallest.key && one.entry.isPrefix === smallest.isPrefix) one.isFresh = false;
    }
    return smallest;
  }

  async close(): Promise<void> {
    await Promise.all(this.#listings.map(({ listing }) => listing.close()));
  }
}

/** A key that two pools hold has the versions of both; of a version that both hold, the newer one. */
function unite(a: SetEntry, b: SetEntry): SetEntry {
  const byId = new Map<string, XlVersionEntry>();
  for (const entry of [...a.versions, ...b.versions].sort((x, y) => compareHeaders(x.header, y.header))) {
    if (!byId.has(entry.header.versionId)) byId.set(entry.header.versionId, entry);
  }
  return { ...a, versions: [...byId.values()] };
}

/** What a page walk meets, in order: a key with its versions, or a rolled-up prefix. */
type ListStep = { readonly kind: 'key'; readonly entry: SetEntry } | { readonly kind: 'prefix'; readonly prefix: string };

/**
 * Keys and rolled-up prefixes greater than `from`, in order. `isVisible` says whether a key counts: a prefix is given only
 * once such a key lies below it.
 */
async function* steps(
  deployment: Deployment,
  bucket: string,
  options: Pick<ListOptions, 'prefix' | 'delimiter'> & { readonly from: string; readonly mustLookBelow: boolean },
  isVisible: (entry: SetEntry) => boolean,
): AsyncGenerator<ListStep> {
  const { prefix, delimiter } = options;
  // Drives roll up at `/` themselves, without opening what lies below, unless it may be all delete markers.
  const recursive = delimiter !== '/' || options.mustLookBelow;
  let from = skipRolledUp(options.from, prefix, delimiter);
  for (;;) {
    const listing = new DeploymentListing(deployment, bucket, { prefix, from, recursive });
    try {
      let rolledUp: string | undefined;
      let skipped = 0;
      for (;;) {
        const entry = await listing.next();
        if (entry === undefined) return;
        if (rolledUp !== undefined && entry.key.startsWith(rolledUp)) {
          if (++skipped > SKIP_MAX) break;
          continue;
        }
        if (!entry.isPrefix && !isVisible(entry)) continue;
        const end = delimiter === '' ? -1 : entry.key.indexOf(delimiter, prefix.length);
        if (end < 0 && !entry.isPrefix) {
          yield { kind: 'key', entry };
          continue;
        }
        rolledUp = entry.key.slice(0, end + delimiter.length);
        skipped = 0;
        yield { kind: 'prefix', prefix: rolledUp };
        from = keyAfterPrefix(rolledUp);
      }
    } finally {
      await listing.close();
    }
  }
}

/** A marker at or inside a rolled-up prefix is past all of it. */
function skipRolledUp(from: string, prefix: string, delimiter: string): string {
  if (delimiter === '' || !from.startsWith(prefix)) return from;
  const end = from.indexOf(delimiter, prefix.length);
  return end < 0 ? from : keyAfterPrefix(from.slice(0, end + delimiter.length));
}

/** Latest visible entry of a key; free versions (bookkeeping of tiers) do not count. */
function latestOf(entry: SetEntry): XlVersionEntry | undefined {
  return entry.versions.find(({ header }) => !header.isFreeVersion);
}

export async function listObjects(
  deployment: Deployment,
  bucket: string,
  options: ListOptions & { readonly mayHoldDeleteMarkers: boolean },
): Promise<ObjectListing> {
  const objects: ObjectInfo[] = [];
  const prefixes: string[] = [];
  let next: string | undefined;
  if (options.limit <= 0) return { objects, prefixes, isTruncated: false };
  const isVisible = (entry: SetEntry): boolean => {
    const latest = latestOf(entry);
    return latest !== undefined && latest.header.type !== 'delete-marker';
  };
  const from = options.after === '' ? '' : keyAfter(options.after);
  for await (const step of steps(deployment, bucket, { ...options, from, mustLookBelow: options.mayHoldDeleteMarkers }, isVisible)) {
    if (objects.length + prefixes.length === options.limit) return { objects, prefixes, isTruncated: true, ...(next !== undefined && { next }) };
    if (step.kind === 'prefix') {
      prefixes.push(step.prefix);
      next = step.prefix;
      continue;
    }
    const latest = latestOf(step.entry);
    const version = latest && decodeVersion(latest);
    if (version?.kind !== 'object') continue;
    objects.push({ ...version, key: step.entry.key, isLatest: true });
    next = step.entry.key;
  }
  return { objects, prefixes, isTruncated: false };
}

export async function listObjectVersions(
  deployment: Deployment,
  bucket: string,
  options: ListOptions & { readonly afterVersionId?: string },
): Promise<VersionListing> {
  const versions: VersionInfo[] = [];
  const prefixes: string[] = [];
  if (options.limit <= 0) return { versions, prefixes, isTruncated: false };
  let nextKey: string | undefined;
  let nextVersionId: string | undefined;
  const page = (isTruncated: boolean): VersionListing => ({
    versions,
    prefixes,
    isTruncated,
    ...(isTruncated && nextKey !== undefined && { nextKey }),
    ...(isTruncated && nextVersionId !== undefined && { nextVersionId }),
  });
  const isFull = (): boolean => versions.length + prefixes.length === options.limit;

  // With a version marker the walk starts at the key itself, whose older versions are still to come.
  const from = options.after === '' ? '' : options.afterVersionId ? options.after : keyAfter(options.after);
  const isVisible = (entry: SetEntry): boolean => latestOf(entry) !== undefined;
  for await (const step of steps(deployment, bucket, { ...options, from, mustLookBelow: false }, isVisible)) {
    if (step.kind === 'prefix') {
      if (isFull()) return page(true);
      prefixes.push(step.prefix);
      nextKey = step.prefix;
      nextVersionId = undefined;
      continue;
    }
    for (const version of versionsOf(step.entry, options)) {
      if (isFull()) return page(true);
      versions.push(version);
      nextKey = version.key;
      nextVersionId = version.versionId;
    }
  }
  return page(false);
}

/** The versions of a key that come after the marker. */
function versionsOf({ key, versions }: SetEntry, options: { readonly after: string; readonly afterVersionId?: string }): VersionInfo[] {
  const visible = versions.filter(({ header }) => !header.isFreeVersion);
  const marker = key === options.after ? visible.findIndex(({ header }) => header.versionId === options.afterVersionId) : -1;
  const versionCount = visible.length;
  return visible.slice(marker + 1).map((entry, i): VersionInfo => {
    const version: Version = decodeVersion(entry);
    return { ...version, key, isLatest: marker + 1 + i === 0, versionCount };
  });
}
