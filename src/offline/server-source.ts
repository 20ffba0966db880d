/** The format.json of all drives of a deployment, as the admin API of one of its servers tells them. */
import { loadAdmin, type Alias, type InspectAnswer, type Session, type WireDrive } from '../client/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import type { DriveCondition } from './format-report.js';
import { sightingOf, unseen, type Sighting } from './sighting.js';

export interface ServerAccess {
  readonly session: Session;
  /** For all that is asked. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface SeenByServer {
  readonly sightings: readonly Sighting[];
  /** Drives of each pool in the order of their slots, where the server told. */
  readonly layout?: readonly (readonly string[])[] | undefined;
}

const FORMAT_FILE = `/${SYSTEM_VOLUME}/format.json`;

/** `drive`: the folder of the one drive that is wanted. A server that does not tell becomes a sighting that says why. */
export async function seeServer(alias: Alias, place: string, drive: string | undefined, { session, timeoutMs, signal }: ServerAccess): Promise<SeenByServer> {
  const limit = AbortSignal.timeout(timeoutMs);
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    const { Admin } = await loadAdmin();
    const admin = new Admin(session.s3Of(alias));
    const answer = await admin.inspect(SYSTEM_VOLUME, 'format.json', stop);
    const drives = answer.isComplete ? [] : ((await admin.info(stop)).servers ?? []).flatMap((server) => server.drives ?? []);
    const all = sightingsOf(answer, drives);
    const sightings = drive === undefined ? all : all.filter(({ path }) => path === drive || path === place || path.endsWith(drive));
    return { sightings: sightings.length > 0 ? sightings : [unseen(place, 'missing', 'the server has no such drive')], layout: layoutOf(drives) };
  } catch (error) {
    const reason = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : error instanceof Error ? error.message : String(error);
    return { sightings: [unseen(place, 'offline', `the server did not tell: ${reason}; keys come from the alias or from MINIO_ROOT_USER and MINIO_ROOT_PASSWORD`)] };
  }
}

/** MinIO sends the files of the drives that have one and does not mention the others: those it has are known from its state. */
function sightingsOf({ files }: InspectAnswer, drives: readonly WireDrive[]): Sighting[] {
  const told = new Set<WireDrive>();
  const seen = files.map(({ drive: name, bytes, error }) => {
    const folder = name.endsWith(FORMAT_FILE) ? name.slice(0, -FORMAT_FILE.length) : name;
    const drive = drives.find(({ endpoint }) => endpoint.replace(/^https?:\/\//, '') === folder || endpoint === folder);
    if (drive !== undefined) told.add(drive);
    const path = drive?.endpoint ?? folder;
    return bytes === undefined ? unseen(path, conditionOf(error), `its server says: ${error ?? 'nothing'}`) : sightingOf(path, bytes);
  });
  const silent = drives.filter((drive) => !told.has(drive)).map(({ endpoint, state }) => unseen(endpoint, conditionOf(state), `its server says: ${state}`));
  return [...seen, ...silent];
}

function conditionOf(word: string | undefined): DriveCondition {
  return ['file-not-found', 'volume-not-found', 'drive-unformatted', 'unformatted'].includes(word ?? '') ? 'unformatted' : 'offline';
}

/** The drives of each pool, by set and slot; undefined where the server does not place each of them. */
function layoutOf(drives: readonly WireDrive[]): readonly (readonly string[])[] | undefined {
  const pools: string[][] = [];
  for (const drive of [...drives].sort((a, b) => a.pool_index - b.pool_index || a.set_index - b.set_index || a.disk_index - b.disk_index)) {
    if (Math.min(drive.pool_index, drive.set_index, drive.disk_index) < 0) return undefined;
    (pools[drive.pool_index] ??= []).push(drive.endpoint);
  }
  const isWhole = pools.length > 0 && Object.keys(pools).length === pools.length;
  return isWhole ? pools : undefined;
}
