/** Gives lost drives their identity back: looks, plans, and writes. */
import { realpath } from 'node:fs/promises';
import { StorageError, UsageError } from '../base/index.js';
import { slotEvidence, type SlotEvidence } from '../cluster/index.js';
import { LocalDrive } from '../drive/index.js';
import { encodeHealingTracker, msToNs, newHealingTracker, type FormatJson } from '../format/index.js';
import { systemHosts } from '../net/index.js';
import { ownVolumes, seePlaces, type SourceAccess } from './format-sources.js';
import { parseSlot, peerTables, planRebuild, UnknownSlot, type DriveSlot, type LostDrive, type RebuildPlan, type RebuildRequest, type RebuiltDrive, type SlotCandidate } from './rebuild-plan.js';
import { eachOnce, expandPlaces, lookAt, type Sighting } from './sighting.js';
import { refuseIfChanged, refuseRunningServer, writeIdentity } from './write-identity.js';

export interface RebuildOptions {
  readonly drives: readonly string[];
  readonly from: readonly string[];
  /** One for each drive, `POOL/SET/DRIVE` from 1, or none. */
  readonly slots: readonly string[];
  /** The server's arguments; empty where they are to be found. */
  readonly layout: readonly string[];
  /** This machine's name in the layout. */
  readonly host?: string | undefined;
  readonly access: Omit<SourceAccess, 'layout'>;
  readonly environment: NodeJS.ProcessEnv;
  /** Asks a person which of several slots a drive had; without it that is refused. */
  readonly choose?: ((path: string, candidates: readonly SlotCandidate[]) => Promise<DriveSlot>) | undefined;
}

/** Looks at drives and peers and decides. Writes nothing. Throws a UsageError where anything is not certain. */
export async function prepareRebuild(options: RebuildOptions): Promise<RebuildPlan> {
  const { slots, from, access } = options;
  const paths = await expandPlaces(options.drives);
  if (from.length === 0) throw new UsageError('no peer is given', 'say with --from who knows the deployment: a host, ALIAS, user@host:/drive, or the folder of another drive');
  if (slots.length > 0 && slots.length !== paths.length) throw new UsageError(`${paths.length} drives and ${slots.length} slots are given`, 'give one --slot for each drive, in their order');
  const lost = await Promise.all(paths.map(lookAt));
  const own = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  if (new Set(own).size < own.length) throw new UsageError('one folder is given twice', 'name each drive once');
  for (const path of own) await refuseRunningServer(path);
  const typed = options.layout.length > 0 ? options.layout : await ownVolumes(options.environment);
  const seen = await seePlaces(from, { ...access, layout: options.layout });
  const all = eachOnce(seen.flatMap(({ sightings }) => sightings));
  // `--from /mnt/drive{1...4}` may well name the lost drive itself, and so does a server that misses it.
  const isOwn = await Promise.all(all.map(async (sighting) => own.includes(await realpath(sighting.path).catch(() => '')) || isMissedHere(sighting, [...own, ...paths], options.host)));
  const peers = all.filter((_, index) => isOwn[index] !== true);
  const told = typed.length > 0 ? undefined : seen.find(({ layout }) => layout !== undefined)?.layout;
  const layout = told ?? (await layoutPools(typed.length > 0 ? typed : (seen.find(({ volumes }) => volumes !== undefined)?.volumes ?? [])));
  const tables = peerTables(peers);
  const drives = await Promise.all(
    lost.map(async (sighting, index): Promise<LostDrive> => {
      const wanted = slots[index] === undefined ? undefined : parseSlot(slots[index]);
      const hasOwnName = sighting.format !== undefined && sighting.format.driveId !== '';
      const evidence = hasOwnName ? [] : await Promise.all(tables.map((table) => evidenceOn(sighting.path, table)));
      return { sighting, wanted, evidence, layoutName: await nameInLayout(own[index] ?? '', sighting.path, layout.flat(), options.host) };
    }),
  );
  return planWith(options.choose, { lost: drives, peers, peerEvidence: await evidenceOf(peers), layout });
}

/** Asks until nothing is open any more. */
async function planWith(choose: RebuildOptions['choose'], request: RebuildRequest): Promise<RebuildPlan> {
  try {
    return planRebuild(request);
  } catch (error) {
    if (!(error instanceof UnknownSlot) || choose === undefined) throw error;
    const wanted = await choose(error.path, error.candidates);
    return planWith(choose, { ...request, lost: request.lost.map((drive, index) => (index === error.index ? { ...drive, wanted } : drive)) });
  }
}

/** Carries the plan out: each drive's healing tracker first, then its identity, each whole or not at all. Gives the backups made. */
export async function carryOutRebuild(plan: RebuildPlan, nowMs: number): Promise<readonly { readonly path: string; readonly backup: string | undefined }[]> {
  const unwritten = plan.drives.filter(({ isDone }) => !isDone);
  for (const drive of unwritten) await refuseIfChanged(drive);
  const done: { path: string; backup: string | undefined }[] = [];
  for (const drive of unwritten) done.push({ path: drive.path, backup: await rebuildOne(drive, nowMs) });
  return done;
}

async function rebuildOne(drive: RebuiltDrive, nowMs: number): Promise<string | undefined> {
  const { driveId, pool, set, slot, path } = drive;
  const tracker = newHealingTracker({ driveId, poolIndex: pool, setIndex: set, slot, path, endpoint: path, startedNs: msToNs(nowMs) });
  return writeIdentity({ ...drive, tracker: drive.hasTracker ? encodeHealingTracker(tracker) : undefined }, nowMs);
}

/** What the objects in a drive's folder say; undefined where they say nothing, or cannot be read. */
async function evidenceOn(path: string, table: FormatJson): Promise<SlotEvidence | undefined> {
  const drive = new LocalDrive(path, { isReadOnly: true });
  try {
    return await slotEvidence(drive, table);
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  } finally {
    await drive.close();
  }
}

async function evidenceOf(peers: readonly Sighting[]): Promise<Map<Sighting, SlotEvidence>> {
  const found = new Map<Sighting, SlotEvidence>();
  for (const peer of peers) {
    if (peer.format === undefined || peer.format.driveId !== '' || !peer.path.startsWith('/')) continue;
    const evidence = await evidenceOn(peer.path, peer.format);
    if (evidence !== undefined) found.set(peer, evidence);
  }
  return found;
}

/** As the server reads its arguments: with ranges each is a pool, without they are one. */
export async function layoutPools(args: readonly string[]): Promise<string[][]> {
  const words = args.flatMap((argument) => argument.split(/\s+/)).filter((word) => word !== '');
  if (words.length === 0) return [];
  return words.some((word) => word.includes('...')) ? Promise.all(words.map((word) => expandPlaces([word]))) : [words];
}

/** A server says of a URL that there is no identity, and the URL is that of one of these folders of this machine. */
async function isMissedHere({ path, failure }: Sighting, folders: readonly string[], host: string | undefined): Promise<boolean> {
  if (failure === undefined || !URL.canParse(path) || !folders.map(trimmed).includes(folderOf(path))) return false;
  return host === undefined ? isOnThisMachine(path) : hostOf(path) === host.toLowerCase();
}

/** The drive's place in the layout: by its path, and where several hosts have that, by the host that this machine is. */
async function nameInLayout(real: string, typed: string, names: readonly string[], host: string | undefined): Promise<string | undefined> {
  const same = names.filter((name) => [real, trimmed(typed)].includes(folderOf(name)));
  if (host !== undefined) return only(same.filter((name) => hostOf(name) === host.toLowerCase()));
  if (same.length < 2) return same[0];
  const isOwn = await Promise.all(same.map(isOnThisMachine));
  return only(same.filter((_, index) => isOwn[index]));
}

function trimmed(path: string): string {
  return path.replace(/(.)\/+$/, '$1');
}

/** `name`: URL or path. */
function folderOf(name: string): string {
  return trimmed(URL.canParse(name) ? decodeURIComponent(new URL(name).pathname) : name);
}

function hostOf(name: string): string {
  return URL.canParse(name) ? new URL(name).hostname.replace(/^\[|\]$/g, '') : '';
}

async function isOnThisMachine(url: string): Promise<boolean> {
  const addresses = await systemHosts.addressesOf(hostOf(url)).catch((): string[] => []);
  return addresses.some((address) => systemHosts.isOwnAddress(address));
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
