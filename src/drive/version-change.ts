/** What a change makes of an object's xl.meta: computed in memory, before anything is written. */
import { StorageError } from '../base/index.js';
import { entryDataDir, insertVersion, LEGACY_DATA_DIR, parseXlMeta, removeVersion, serializeXlMeta, type XlMeta, type XlVersionEntry } from '../format/index.js';
import type { VersionChange } from './drive.js';

export interface ChangePlan {
  /** The xl.meta as it will be; without versions where the object goes away. */
  readonly bytes: Uint8Array;
  readonly removesObject: boolean;
  /** Data dir that nothing uses after the change. */
  readonly replaced: string | undefined;
}

const EMPTY: XlMeta = { versions: [], inline: new Map() };

/** The xl.meta of an object as it is; undefined where there is none or (for a `put`, which makes a new one) a damaged one. */
export function currentMeta(bytes: Uint8Array | undefined, change: VersionChange): XlMeta | undefined {
  if (bytes === undefined) return undefined;
  try {
    return parseXlMeta(bytes);
  } catch (error) {
    if (change.kind === 'put' && error instanceof StorageError) return undefined;
    throw error;
  }
}

/** What to write for a change; undefined where a `remove` finds nothing to remove. */
export function planChange(current: XlMeta | undefined, change: VersionChange): ChangePlan | undefined {
  if (change.kind === 'put') {
    const meta = current ?? EMPTY;
    const next = insertVersion(meta, change.entry, change.inline);
    const before = meta.versions.find((entry) => entry.header.versionId === change.entry.header.versionId);
    return { bytes: serializeXlMeta(next), removesObject: false, replaced: unusedDataDir(before, next) };
  }
  const entry = current?.versions.find((version) => version.header.versionId === change.versionId);
  if (current === undefined || entry === undefined) return undefined;
  const next = removeVersion(current, change.versionId);
  return { bytes: serializeXlMeta(next), removesObject: next.versions.length === 0, replaced: unusedDataDir(entry, next) };
}

/** The data dirs with part files that an xl.meta names. */
export function dataDirsOf(meta: XlMeta): Set<string> {
  const names = new Set<string>();
  for (const entry of meta.versions) {
    const name = partFilesOf(entry);
    if (name !== undefined) names.add(name);
  }
  return names;
}

function partFilesOf(entry: XlVersionEntry): string | undefined {
  if (entry.header.type === 'legacy') return LEGACY_DATA_DIR;
  return entry.header.usesDataDir && !entry.header.isInline ? entryDataDir(entry) : undefined;
}

/** The data dir of a version that went, unless another version (a metadata copy) shares it. */
function unusedDataDir(gone: XlVersionEntry | undefined, next: XlMeta): string | undefined {
  const name = gone === undefined ? undefined : partFilesOf(gone);
  return name === undefined || dataDirsOf(next).has(name) ? undefined : name;
}
