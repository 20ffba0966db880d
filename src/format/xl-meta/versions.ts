/** Versions put into and taken out of an xl.meta, without decoding what is in them. */
import { compareHeaders } from './header.js';
import type { XlMeta, XlVersionEntry } from './types.js';

/**
 * With the version inserted in its place, replacing one with the same id. `inline` is its shard stream (bitrot frames
 * included), undefined where its data is in part files or it has none.
 */
export function insertVersion(meta: XlMeta, entry: XlVersionEntry, inline?: Uint8Array): XlMeta {
  const { versionId } = entry.header;
  const versions = meta.versions.filter((other) => other.header.versionId !== versionId);
  const after = versions.findIndex((other) => compareHeaders(entry.header, other.header) <= 0);
  versions.splice(after === -1 ? versions.length : after, 0, entry);
  const data = new Map(meta.inline);
  if (inline === undefined) data.delete(versionId);
  else data.set(versionId, inline);
  return { versions, inline: data };
}

/** Without the version and its inline data; as it was where there is no such version. */
export function removeVersion(meta: XlMeta, versionId: string): XlMeta {
  const versions = meta.versions.filter((entry) => entry.header.versionId !== versionId);
  const inline = new Map(meta.inline);
  inline.delete(versionId);
  return { versions, inline };
}

/** The version that a look-up without a version id finds (an object or a delete marker); undefined where nothing visible is left. */
export function latestVersion(meta: XlMeta): XlVersionEntry | undefined {
  return meta.versions.find((entry) => !entry.header.isFreeVersion);
}
