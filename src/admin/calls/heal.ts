/** `heal/...`: start, poll, stop; `background-heal/status`; and the quarantine, which only mts has. */
import type { HealDriveState, HealTarget } from '../../store/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import { AdminError } from '../errors.js';
import type { HealSequences, NumberedItem, SequenceOptions, SequenceStart, SequenceStatus } from '../heal-sequences.js';
import type { HealQuestion, NodeReport } from '../node-report.js';
import { startHeal } from '../start-heal.js';
import { wireDrive, wireTime } from '../wire.js';

const SETTINGS_SIZE_MAX = 64 * 1024;

export async function heal(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const { query } = request;
  const token = query.get('clientToken') ?? '';
  const isForcedStart = query.has('forceStart');
  const isForcedStop = query.has('forceStop');
  if ((isForcedStart && isForcedStop) || (token !== '' && (isForcedStart || isForcedStop))) {
    throw new AdminError('XMinioAdminInvalidArgument', 'clientToken, forceStart and forceStop cannot go together.');
  }
  const target = parsePath(request.rest);
  const sequences = sequencesOf(room);
  if (token !== '') return { json: wireStatus(await here(() => sequences.poll(target, token), room, { kind: 'poll', target, token })) };
  if (isForcedStop) return { json: wireStart(await here(() => sequences.stop(target), room, { kind: 'stop', target, token: '' }), request) };
  const settings = parseSettings(await request.body(SETTINGS_SIZE_MAX));
  const { pool, set } = settings;
  const narrowed = { ...target, ...(pool !== undefined && { poolIndex: pool }), ...(set !== undefined && { setIndex: set }) };
  return { json: wireStart(await startHeal({ ...room, sequences }, narrowed, optionsOf(settings), settings, isForcedStart), request) };
}

/** Any node answers for a heal, also one that another node runs. */
async function here<T>(ask: () => Promise<T> | T, room: AdminRoom, question: HealQuestion): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    const answer = await room.nodes.askHeal(question);
    if (answer === undefined || answer === null) throw error;
    return answer as T;
  }
}

function parsePath(rest: string): HealTarget {
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const prefix = slash < 0 ? '' : rest.slice(slash + 1);
  return { ...(bucket !== '' && { bucket }), ...(prefix !== '' && { prefix }) };
}

interface Settings {
  readonly recursive: boolean;
  readonly dryRun: boolean;
  readonly remove: boolean;
  readonly recreate: boolean;
  /** 1 normal, 2 deep. */
  readonly scanMode: number;
  readonly updateParity: boolean;
  readonly nolock: boolean;
  readonly pool?: number;
  readonly set?: number;
}

function parseSettings(bytes: Uint8Array): Settings {
  let value: unknown = {};
  if (bytes.length > 0) {
    try {
      value = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch {
      throw new AdminError('XMinioAdminConfigBadJSON');
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AdminError('XMinioAdminConfigBadJSON');
  const given = value as Record<string, unknown>;
  const index = (name: string): object => (typeof given[name] === 'number' && Number.isInteger(given[name]) && given[name] >= 0 ? { [name]: given[name] } : {});
  return {
    recursive: given['recursive'] === true,
    dryRun: given['dryRun'] === true,
    remove: given['remove'] === true,
    recreate: given['recreate'] === true,
    scanMode: given['scanMode'] === 2 ? 2 : 1,
    updateParity: given['updateParity'] === true,
    nolock: given['nolock'] === true,
    ...index('pool'),
    ...index('set'),
  };
}

function optionsOf({ recursive, dryRun, remove, scanMode }: Settings): SequenceOptions {
  return { recursive, isDryRun: dryRun, scan: scanMode === 2 ? 'deep' : 'normal', remove };
}

function wireStart({ token, startedMs }: SequenceStart, request: AdminRequest): object {
  return { clientToken: token, clientAddress: request.message.socket.remoteAddress ?? '', startTime: wireTime(startedMs) };
}

function wireStatus(status: SequenceStatus): object {
  return {
    Summary: status.state,
    StartTime: wireTime(status.startedMs),
    Settings: status.settings,
    Items: status.items.length === 0 ? null : status.items.map(wireItem),
    ...(status.detail !== '' && { Detail: status.detail }),
  };
}

const TYPES = { metadata: 'bucket-metadata', bucket: 'bucket', object: 'object' } as const;
/** What MinIO calls the states of a drive; another state of the version than the quorum's is "missing" to it. */
const STATES: Readonly<Record<HealDriveState, string>> = { ok: 'ok', offline: 'offline', missing: 'missing', corrupt: 'corrupt', outdated: 'missing', unknown: 'unknown' };

function wireItem({ id, item }: NumberedItem): object {
  const side = (when: 'before' | 'after'): object => ({ drives: item.drives.map((drive) => ({ uuid: drive.driveId, endpoint: drive.endpoint, state: STATES[drive[when]] })) });
  const isBucket = item.type === 'bucket';
  return {
    resultId: id,
    type: TYPES[item.type],
    bucket: item.bucket,
    object: item.object,
    versionId: item.versionId,
    detail: item.reason,
    ...(item.parityShards > 0 && { parityBlocks: item.parityShards }),
    ...(item.dataShards > 0 && { dataBlocks: item.dataShards }),
    diskCount: isBucket ? 0 : item.drives.length,
    setCount: isBucket ? -1 : 0,
    before: side('before'),
    after: side('after'),
    objectSize: item.size,
    mts: { outcome: item.outcome, isDeleteMarker: item.isDeleteMarker },
  };
}

function sequencesOf({ sequences }: AdminRoom): HealSequences {
  if (sequences === undefined) throw new AdminError('XMinioAdminVersionMismatch', 'A single drive has no others that it could be healed from.');
  return sequences;
}

export async function backgroundHealStatus(room: AdminRoom): Promise<AdminAnswer> {
  sequencesOf(room);
  const reports = await room.nodes.reports();
  const offline = reports.filter(({ state }) => state !== 'online').map(({ endpoint }) => endpoint);
  const scanner = reports.map((report) => report.scanner).find((one) => one?.isLeader === true);
  const { standard, reduced } = parityNames(room);
  const healing = reports.flatMap(({ drives }) => drives.flatMap((drive) => (drive.isHealing ? [drive.endpoint] : [])));
  return {
    json: {
      offline_nodes: offline.length === 0 ? null : offline,
      ScannedItemsCount: scanner?.checked ?? 0,
      HealDisks: healing.length === 0 ? null : healing,
      sets: room.deployment.pools.flatMap((pool) => pool.sets.map((set) => wireSet(set.poolIndex, set.setIndex, reports))),
      mrf: Object.fromEntries(reports.map(({ endpoint, background }) => [endpoint, { bytes_healed: background?.bytesHealed ?? 0, items_healed: background?.itemsHealed ?? 0 }])),
      sc_parity: { STANDARD: standard, REDUCED_REDUNDANCY: reduced },
    },
  };
}

function wireSet(poolIndex: number, setIndex: number, reports: readonly NodeReport[]): object {
  const heals = reports.flatMap((report) => report.heals);
  const drives = reports.flatMap((report) => report.drives).filter((drive) => drive.poolIndex === poolIndex && drive.setIndex === setIndex);
  return {
    id: `${poolIndex}-${setIndex}`,
    pool_index: poolIndex,
    set_index: setIndex,
    heal_status: drives.some(({ isHealing }) => isHealing) ? 'Healing' : '',
    heal_priority: '',
    total_objects: 0,
    disks: drives.toSorted((a, b) => a.slot - b.slot).map((drive) => wireDrive(drive, { withMetrics: false, heal: heals.find(({ driveId }) => driveId === drive.id) })),
  };
}

function parityNames({ deployment }: AdminRoom): { standard: number; reduced: number } {
  const set = deployment.pools[0]?.sets[0];
  return { standard: set?.defaultParity ?? 0, reduced: set?.reducedParity ?? 0 };
}

export async function listQuarantine(room: AdminRoom): Promise<AdminAnswer> {
  const items = await room.healing.quarantine.list();
  return {
    json: items.map(({ quarantinedMs, ...item }) => ({ ...item, quarantined: wireTime(quarantinedMs) })),
  };
}

export async function restoreQuarantined(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const id = request.query.get('id') ?? '';
  const known = await room.healing.quarantine.list();
  if (!known.some((item) => item.id === id)) throw new AdminError('XMinioAdminNoSuchQuarantineItem');
  await room.healing.quarantine.restore(id);
  return { json: { id } };
}

export async function emptyQuarantine(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const olderThanMs = Number(request.query.get('olderThanMs') ?? Number.NaN);
  if (!Number.isFinite(olderThanMs) || olderThanMs < 0) throw new AdminError('XMinioAdminInvalidArgument', 'olderThanMs must be a number of milliseconds.');
  return { json: { removed: await room.healing.quarantine.empty({ olderThanMs }) } };
}
