/**
 * `.minio.sys/format.json`: which drive of which deployment this is. One line of JSON, in these shapes:
 *
 * | generation      | releases           | shape                                                                               |
 * |-----------------|--------------------|-------------------------------------------------------------------------------------|
 * | fs 1            | 2016 to 2018       | {version:"1", format:"fs", fs:{version:"1"}}                                          |
 * | fs 2            | 2018 to 2022       | the same with fs.version "2", since 2018-08 with id                                  |
 * | xl 1            | 2016 to early 2018 | xl:{version:"1", disk, jbod:[...]}; no deployment id                                 |
 * | xl 2            | early 2018         | as xl 3                                                                              |
 * | xl 3            | since 2018         | id (since 2018-08), xl:{version:"3", this, sets:[[...],...], distributionAlgo}          |
 *
 * A single drive since 2022 is xl 3 with the format name "xl-single". A drive of xl 1 that was opened by a release of 2025 has
 * xl 3 with an empty id and an empty `this`.
 */
import { SET_DRIVES_MAX } from '../base/index.js';
import { corrupt } from './corrupt.js';
import { isUuid } from './uuid.js';

/** How keys find their set: CRC-32 or SipHash of the key. The last two hash alike. */
export type FormatAlgorithm = 'CRCMOD' | 'SIPMOD' | 'SIPMOD+PARITY';

export type FormatGeneration = 'fs 1' | 'fs 2' | 'xl 1' | 'xl 2' | 'xl 3';

export interface FormatJson {
  readonly generation: FormatGeneration;
  /** True where a deployment is this one drive. */
  readonly isSingle: boolean;
  /** UUID, the same on all drives of all pools; empty before 2018-08 and on drives that 2025 spoilt. */
  readonly deploymentId: string;
  /** This drive's UUID; empty for FS drives and drives that 2025 spoilt. */
  readonly driveId: string;
  /** UUIDs of the pool's drives, `sets[set][slot]`; empty for FS drives. */
  readonly sets: readonly (readonly string[])[];
  readonly algorithm: FormatAlgorithm;
}

/** Stands in the table of some drives of 2018 to 2021 for a slot whose drive was offline; no drive carries it. */
export const OFFLINE_DRIVE_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const ALGORITHMS: readonly FormatAlgorithm[] = ['CRCMOD', 'SIPMOD', 'SIPMOD+PARITY'];
const WRITTEN_BY: Readonly<Record<FormatGeneration, string>> = {
  'fs 1': 'FS format version 1 (2016 to 2018)',
  'fs 2': 'FS format version 2 (2018 to 2022)',
  'xl 1': 'erasure format version 1 (2016 to early 2018)',
  'xl 2': 'erasure format version 2 (early 2018)',
  'xl 3': 'erasure format version 3 (since 2018)',
};
const DECODER = new TextDecoder('utf-8', { fatal: true });

/** A generation in words, with the years of its releases. */
export function generationName(generation: FormatGeneration): string {
  return WRITTEN_BY[generation];
}

/** Decodes a format.json of any generation; unknown members are passed over. Throws metadata-corrupt, saying what is wrong. */
export function decodeFormatJson(bytes: Uint8Array): FormatJson {
  const document = parseObject(bytes);
  const version = textOf(document, 'version');
  if (version !== '1') throw corrupt(`format.json is of version "${shorten(version)}"; "1" is the only one there is`);
  const format = textOf(document, 'format');
  const deploymentId = idOf(document, 'id', 'the deployment');
  if (format === 'fs') return decodeFs(document, deploymentId);
  if (format !== 'xl' && format !== 'xl-single') throw corrupt(`format.json names the backend "${shorten(format)}"; fs, xl and xl-single are known`);
  const xl = objectOf(document, 'xl');
  const xlVersion = textOf(xl, 'version');
  if (xlVersion === '1') return decodeXl1(xl);
  if (xlVersion !== '2' && xlVersion !== '3') throw corrupt(`format.json is of the erasure format version "${shorten(xlVersion)}"; 1 to 3 are known`);
  const driveId = idOf(xl, 'this', 'this drive');
  // Both were blanked, or neither: anything else is damage.
  if (driveId === '' && (deploymentId !== '' || xl['this'] === undefined)) throw corrupt('format.json does not say which drive this is');
  const sets = setsOf(xl['sets']);
  const isSingle = format === 'xl-single';
  if (isSingle && (sets.length !== 1 || sets[0]?.length !== 1)) throw corrupt('format.json says that the drive is alone, and lists others');
  checkMembership(driveId, sets);
  const algorithm = textOf(xl, 'distributionAlgo');
  if (!isAlgorithm(algorithm)) throw corrupt(`format.json names the unknown distribution algorithm "${shorten(algorithm)}"`);
  return { generation: xlVersion === '2' ? 'xl 2' : 'xl 3', isSingle, deploymentId, driveId, sets, algorithm };
}

/** Encodes as RELEASE.2025-10-15 does: always the newest generation. */
export function encodeFormatJson(format: Omit<FormatJson, 'generation'>): Uint8Array {
  const { isSingle, deploymentId, driveId, sets, algorithm } = format;
  return Buffer.from(
    JSON.stringify({
      version: '1',
      format: isSingle ? 'xl-single' : 'xl',
      id: deploymentId,
      xl: { version: '3', this: driveId, sets, distributionAlgo: algorithm },
    }),
  );
}

/**
 * A peer's format.json with another drive's id in the place of its own: all else, members unknown to us too, stays as its
 * release wrote it. Throws metadata-corrupt where `bytes` are no erasure format.
 */
export function withDriveId(bytes: Uint8Array, driveId: string): Uint8Array {
  const document = parseObject(bytes);
  const xl = objectOf(document, 'xl');
  const member = xl['this'] !== undefined ? 'this' : xl['disk'] !== undefined ? 'disk' : 'drive';
  return Buffer.from(JSON.stringify({ ...document, xl: { ...xl, [member]: driveId } }));
}

/** As the releases of 2016 and 2017 wrote it. `ids`: those of the set's drives, in their order. */
export function encodeXl1(driveId: string, ids: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ version: '1', format: 'xl', xl: { version: '1', disk: driveId, jbod: ids } }));
}

type JsonObject = Readonly<Record<string, unknown>>;

function decodeFs(document: JsonObject, deploymentId: string): FormatJson {
  const version = textOf(objectOf(document, 'fs'), 'version');
  if (version !== '1' && version !== '2') throw corrupt(`format.json is of the FS format version "${shorten(version)}"; 1 and 2 are known`);
  return { generation: version === '1' ? 'fs 1' : 'fs 2', isSingle: true, deploymentId, driveId: '', sets: [], algorithm: 'CRCMOD' };
}

function decodeXl1(xl: JsonObject): FormatJson {
  // Releases of 2025 look for the drive's id under another name than those of 2016 to 2018 wrote.
  const driveId = idOf(xl, xl['disk'] === undefined ? 'drive' : 'disk', 'this drive');
  const sets = setsOf([xl['jbod']]);
  checkMembership(driveId, sets);
  return { generation: 'xl 1', isSingle: false, deploymentId: '', driveId, sets, algorithm: 'CRCMOD' };
}

function checkMembership(driveId: string, sets: readonly (readonly string[])[]): void {
  if (driveId !== '' && !sets.some((set) => set.includes(driveId))) throw corrupt(`format.json gives the drive the id ${driveId}, which is not in its own table of drives`);
}

function setsOf(value: unknown): string[][] {
  if (!Array.isArray(value) || value.length === 0) throw corrupt('format.json has no table of drives');
  const seen = new Set<string>();
  const sets = value.map((set: unknown) => {
    if (!Array.isArray(set) || set.length === 0 || set.length > SET_DRIVES_MAX) throw corrupt(`format.json lists a set that is not 1 to ${SET_DRIVES_MAX} drives`);
    return set.map((id: unknown) => {
      const text = typeof id === 'string' ? id.toLowerCase() : '';
      if (!isUuid(text)) throw corrupt('format.json lists a drive whose id is not a UUID');
      if (seen.has(text) && text !== OFFLINE_DRIVE_ID) throw corrupt(`format.json lists the drive ${text} twice`);
      seen.add(text);
      return text;
    });
  });
  const size = sets[0]?.length;
  if (sets.some((set) => set.length !== size)) throw corrupt('format.json lists sets of different sizes');
  return sets;
}

function parseObject(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    // A copy: decoders refuse shared memory.
    value = JSON.parse(DECODER.decode(new Uint8Array(bytes)));
  } catch {
    throw corrupt(bytes.length === 0 ? 'format.json is empty' : 'format.json is not JSON');
  }
  if (!isObject(value)) throw corrupt('format.json is not a JSON object');
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAlgorithm(text: string): text is FormatAlgorithm {
  return (ALGORITHMS as readonly string[]).includes(text);
}

function objectOf(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  if (!isObject(value)) throw corrupt(`format.json has no member "${name}"`);
  return value;
}

function textOf(parent: JsonObject, name: string): string {
  const value = parent[name];
  if (typeof value !== 'string') throw corrupt(`format.json has no member "${name}"`);
  return value;
}

/** A UUID in lower case; empty where the member is missing or empty. */
function idOf(parent: JsonObject, name: string, what: string): string {
  const value = parent[name] ?? '';
  if (value === '') return '';
  if (typeof value !== 'string' || !isUuid(value)) throw corrupt(`format.json gives ${what} an id that is not a UUID`);
  return value.toLowerCase();
}

function shorten(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}...` : text;
}
