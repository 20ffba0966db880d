/** How `inspect` shows what one drive holds of an object. */
import { formatSize } from './size.js';
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';
import { formatJsonTime, formatTime } from './time.js';

interface Checksum {
  readonly algorithm: string;
  readonly checksum: Uint8Array;
  readonly isTrailing: boolean;
  readonly isFullObject: boolean;
  readonly partCount?: number;
  readonly parts?: readonly Uint8Array[];
}

interface Part {
  readonly number: number;
  readonly size: number;
  readonly actualSize: number;
  readonly fileSize?: number;
  readonly foundSize?: number;
}

interface ObjectFacts {
  readonly size: number;
  readonly kept?: { readonly as: readonly string[]; readonly clientSize: number };
  readonly dataDir: string;
  readonly dataShards: number;
  readonly parityShards: number;
  readonly blockSizeBytes: number;
  readonly shardIndex: number;
  readonly distribution: readonly number[];
  readonly parts: readonly Part[];
  readonly metaUser: ReadonlyMap<string, string>;
  readonly checksums: readonly Checksum[];
  readonly place: 'inline' | 'files' | 'remote';
  readonly inline?: { readonly size: number; readonly frames: number };
  readonly faults: readonly string[];
}

interface Version {
  readonly versionId: string;
  readonly kind: string;
  readonly isLatest: boolean;
  readonly modTime: Date;
  readonly modTimeNs: bigint;
  readonly signature: string;
  readonly fault?: string;
  readonly writtenBy?: Date | undefined;
  readonly object?: ObjectFacts;
  readonly metaSys: ReadonlyMap<string, Uint8Array>;
}

interface ObjectReport {
  readonly path: string;
  readonly fileVersion: string;
  readonly size: number;
  readonly indexSize: number;
  readonly versions: readonly Version[];
  readonly others: readonly string[];
  readonly isSound: boolean;
}

/** A heading, then for each version a table of its facts and, where it has part files, one of those. */
export async function objectReportText(report: ObjectReport, paint: Palette): Promise<string> {
  const { path, fileVersion, size, versions, others, isSound } = report;
  const count = `${versions.length} version${versions.length === 1 ? '' : 's'}`;
  const blocks = [`${paint.strong(path)}: version ${fileVersion}, ${size} bytes, ${count}`];
  for (const version of versions) blocks.push(await versionText(version, paint));
  if (others.length > 0) blocks.push(`Also in the object's folder: ${others.map(harmless).join(', ')}`);
  blocks.push(isSound ? paint.good('Nothing wrong was found.') : paint.bad(`Something is wrong with ${faultyCount(versions)} of ${count}.`));
  return blocks.join('\n');
}

/** All of it as one object; byte strings as text where they are text, else as `hex:...`. */
export function objectReportObject(report: ObjectReport): object {
  const { path, fileVersion, size, indexSize, versions, others, isSound } = report;
  return { status: isSound ? 'success' : 'error', path, fileVersion, size, indexSize, versions: versions.map(versionObject), others };
}

async function versionText(version: Version, paint: Palette): Promise<string> {
  const { versionId, kind, isLatest, modTime, modTimeNs, signature, fault, writtenBy, object, metaSys } = version;
  const rows: [string, string][] = [
    ['Version', `${paint.version(versionId)}${isLatest ? ' (latest)' : ''}`],
    ['Kind', kind === 'delete-marker' ? paint.deleted(kind) : kind],
    ['Modified', `${formatTime(modTime)} (${modTimeNs} ns)`],
    ['Signature', signature],
  ];
  if (writtenBy !== undefined) rows.push(['Written by', releaseName(writtenBy)]);
  if (fault !== undefined) rows.push(['Fault', paint.bad(fault)]);
  if (object !== undefined) rows.push(...objectRows(object, paint));
  for (const [name, value] of metaSys) rows.push([harmless(name), bytesText(value)]);
  const tables = [await renderTable(['Fact', 'Value'], rows)];
  if (object?.parts.some((part) => part.foundSize !== undefined) === true) tables.push(await partTable(object.parts, paint));
  return tables.join('\n');
}

function objectRows(object: ObjectFacts, paint: Palette): [string, string][] {
  const { size, kept, dataDir, dataShards, parityShards, blockSizeBytes, shardIndex, distribution, parts, metaUser, checksums, place, inline, faults } = object;
  const where = {
    inline: `inline, ${inline?.size ?? 0} bytes in ${inline?.frames ?? 0} frame${inline?.frames === 1 ? '' : 's'}`,
    files: parts.length === 1 ? '1 part file' : `${parts.length} part files`,
    remote: 'on a remote tier',
  };
  return [
    ['Size', `${formatSize(size)} (${size} bytes)`],
    ...(kept === undefined ? [] : [['Kept', `${kept.as.join(', ')}; ${kept.clientSize} bytes of the client's`] as [string, string]]),
    ['Erasure', `${dataShards} data + ${parityShards} parity shards, blocks of ${formatSize(blockSizeBytes)}`],
    ['Shard', shardIndex === 0 ? 'unknown' : `${shardIndex}; shards by slot: ${distribution.join(' ')}`],
    ['Data dir', dataDir],
    ['Data', where[place]],
    ...faults.map((fault): [string, string] => ['Fault', paint.bad(fault)]),
    ...checksums.map((checksum): [string, string] => ['Checksum', checksumText(checksum)]),
    ...[...metaUser].map(([name, value]): [string, string] => [harmless(name), harmless(value)]),
  ];
}

async function partTable(parts: readonly Part[], paint: Palette): Promise<string> {
  const rows = parts.map(({ number, size, actualSize, fileSize, foundSize }) => {
    const found = foundSize === -1 ? 'missing' : String(foundSize ?? '');
    return [String(number), String(size), actualSize < 0 ? 'unknown' : String(actualSize), String(fileSize ?? ''), found, fileSize === foundSize ? paint.good('ok') : paint.bad('wrong')];
  });
  const alignments = ['right', 'right', 'right', 'right', 'right', 'left'] as const;
  return renderTable(['Part', 'Size', "Client's size", 'File must have', 'File has', 'State'], rows, { alignments });
}

function checksumText({ algorithm, checksum, isTrailing, isFullObject, partCount, parts }: Checksum): string {
  const kind = partCount === undefined ? '' : isFullObject ? `, of the whole object in ${partCount} parts` : `, of the checksums of ${partCount} parts`;
  const kept = parts === undefined || parts.length === 0 ? '' : `: ${parts.map((part) => Buffer.from(part).toString('base64')).join(' ')}`;
  return `${algorithm} ${Buffer.from(checksum).toString('base64')}${isTrailing ? ', sent as a trailer' : ''}${kind}${kept}`;
}

function versionObject(version: Version): object {
  const { object, metaSys, modTime, modTimeNs, writtenBy, ...rest } = version;
  return {
    ...rest,
    modTime: formatJsonTime(modTime),
    modTimeNs: String(modTimeNs),
    ...(writtenBy !== undefined && { writtenBy: releaseName(writtenBy) }),
    ...(object !== undefined && {
      ...object,
      metaUser: Object.fromEntries(object.metaUser),
      checksums: object.checksums.map((checksum) => ({
        ...checksum,
        checksum: Buffer.from(checksum.checksum).toString('base64'),
        ...(checksum.parts !== undefined && { parts: checksum.parts.map((part) => Buffer.from(part).toString('base64')) }),
      })),
    }),
    metaSys: Object.fromEntries([...metaSys].map(([name, value]) => [name, bytesText(value)])),
  };
}

function faultyCount(versions: readonly Version[]): number {
  return versions.filter(({ fault, object }) => fault !== undefined || (object !== undefined && object.faults.length > 0)).length;
}

/** `RELEASE.2025-10-15T17-29-55Z` */
function releaseName(date: Date): string {
  return `RELEASE.${date.toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(':', '-')}`;
}

/** Anybody can put control characters into metadata; here they must not reach the terminal. */
function harmless(text: string): string {
  return /\p{C}/u.test(text) ? JSON.stringify(text).replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`) : text;
}

function bytesText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return /^[^\p{C}\uFFFD]*$/u.test(text) ? text : `hex:${Buffer.from(bytes).toString('hex')}`;
}
