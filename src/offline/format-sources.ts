/**
 * Where format.json is looked for: folders of this machine, running servers (their admin API tells it of all drives of the
 * deployment), and other machines over SSH. Each place becomes sightings; a place that fails becomes one that says why.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { UsageError } from '../base/index.js';
import { loadSsh, type Alias, type Session, type SshFiles, type SshOptions } from '../client/index.js';
import { SYSTEM_VOLUME } from '../format/index.js';
import { systemHosts } from '../net/index.js';
import { VOLUME_FILES, volumesIn } from './minio-volumes.js';
import { expandPlaces, FORMAT_SIZE_MAX, lookAt, sightingOf, unseen, type Sighting } from './sighting.js';
import { seeServer, type SeenByServer, type ServerAccess } from './server-source.js';

export interface SourceAccess {
  readonly session: Session;
  readonly ssh: SshOptions;
  /** Keys for servers that are no alias. */
  readonly credentials: { readonly accessKey: string; readonly secretKey: string };
  /** The server's arguments, where they are known: says which drives a host has. */
  readonly layout: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface SeenPlace extends SeenByServer {
  /** The arguments that the host's server is started with, where it was asked. */
  readonly volumes?: readonly string[] | undefined;
}

const PROBE_MS = 3000;
const SERVER_PORT = 9000;

/**
 * Looks at places: a folder, ALIAS, `http://host:9000` (or a drive of it), `[user@]host:/folder`, `ssh://...`, or a HOST alone, which
 * is asked on port 9000 and else over SSH. Ranges are expanded. Throws a UsageError for a place that is malformed only.
 */
export async function seePlaces(places: readonly string[], access: SourceAccess): Promise<SeenPlace[]> {
  const expanded = await expandPlaces(places);
  return Promise.all(expanded.map((place) => see(place, access)));
}

/** Arguments of the server of this machine. */
export async function ownVolumes(environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const typed = environment['MINIO_VOLUMES'];
  if (typed !== undefined && typed.trim() !== '') return typed.trim().split(/\s+/);
  for (const file of VOLUME_FILES) {
    const volumes = volumesIn(await readFile(file, 'utf8').catch(() => ''));
    if (volumes !== undefined) return volumes;
  }
  return [];
}

async function see(place: string, access: SourceAccess): Promise<SeenPlace> {
  const { session } = access;
  if (/^https?:\/\//.test(place)) return seeUrl(place, access);
  if (place.startsWith('ssh://')) return seeSshUrl(place, access);
  if (/^[./~]/.test(place) || existsSync(place)) return { sightings: [await lookAt(place)] };
  const alias = session.aliases.find(place);
  if (alias !== undefined) return seeServer(alias, place, undefined, adminOf(access));
  const remote = /^((?:[^@/]+@)?(?:\[[^\]]+\]|[^/:]+)):(\/.*)$/.exec(place);
  if (remote !== null) return seeOverSsh(remote[1] ?? '', remote[2], place, access);
  if (place.includes('/')) return { sightings: [await lookAt(place)] };
  return seeHost(place, access);
}

async function seeUrl(place: string, access: SourceAccess): Promise<SeenPlace> {
  if (!URL.canParse(place)) throw new UsageError(`"${place}" is no URL`, 'write for instance http://192.168.2.151:9000');
  const url = new URL(place);
  const drive = url.pathname.replace(/\/+$/, '');
  return seeServer(aliasOf(url.origin, access), place, drive === '' ? undefined : decodeURIComponent(drive), adminOf(access));
}

async function seeSshUrl(place: string, access: SourceAccess): Promise<SeenPlace> {
  const match = /^ssh:\/\/([^/]+)(\/.*)?$/.exec(place);
  if (match === null) throw new UsageError(`"${place}" is no SSH place`, 'write for instance ssh://root@192.168.2.151:22/mnt/drive1');
  const folder = match[2]?.replace(/\/+$/, '');
  return seeOverSsh(match[1] ?? '', folder === '' ? undefined : folder, place, access);
}

/** `HOST`, `HOST:PORT` or `user@HOST` alone. */
async function seeHost(place: string, access: SourceAccess): Promise<SeenPlace> {
  const match = /^(\[[^\]]+\]|[^@:]+)(?::(\d{1,5}))?$/.exec(place);
  if (match === null) return seeOverSsh(place, undefined, place, access);
  const [, host = '', port = String(SERVER_PORT)] = match;
  if (match[2] !== undefined || (await isListening(host.replace(/^\[|\]$/g, ''), Number(port)))) {
    const seen = await seeServer(aliasOf(`http://${host}:${port}`, access), place, undefined, adminOf(access));
    if (match[2] !== undefined || seen.sightings.some(({ format }) => format !== undefined)) return seen;
    const over = await seeOverSsh(host, undefined, place, access);
    return over.sightings.some(({ format }) => format !== undefined) ? over : { sightings: [...seen.sightings, ...over.sightings] };
  }
  return seeOverSsh(host, undefined, place, access);
}

/** The alias whose server that is, else one made up with the keys of the environment. */
function aliasOf(origin: string, { session, credentials }: SourceAccess): Alias {
  const known = session.aliases.list().find(({ url, accessKey }) => accessKey !== '' && URL.canParse(url) && new URL(url).origin === new URL(origin).origin);
  return known ?? { name: origin, url: origin, ...credentials, api: 's3v4', path: 'on', source: 'env' };
}

function adminOf({ session, ssh: { timeoutMs }, signal }: SourceAccess): ServerAccess {
  return { session, timeoutMs, signal };
}

/** Without a folder: the drives that the host's own configuration, or the layout, says it has. */
async function seeOverSsh(login: string, folder: string | undefined, place: string, access: SourceAccess): Promise<SeenPlace> {
  const { openSsh, parseSshTarget } = await loadSsh();
  const target = parseSshTarget(login);
  let files: SshFiles;
  try {
    files = await openSsh(target, access.ssh);
  } catch (error) {
    return { sightings: [unseen(place, 'offline', sentenceOf(error))] };
  }
  try {
    if (folder !== undefined) return { sightings: [await lookOver(files, target.host, folder)] };
    const volumes = access.layout.length > 0 ? access.layout : await volumesOver(files);
    if (volumes === undefined) return { sightings: [unseen(place, 'offline', `neither MINIO_VOLUMES nor a unit file on ${target.host} says which drives it has: give --from ${login}:/FOLDER, or --layout`)] };
    const folders = await foldersOn(target.host, volumes);
    if (folders.length === 0) return { sightings: [unseen(place, 'offline', `the layout (${volumes.join(' ')}) names no drive of ${target.host}`)], volumes };
    return { sightings: await Promise.all(folders.map((one) => lookOver(files, target.host, one))), volumes };
  } catch (error) {
    return { sightings: [unseen(place, 'offline', sentenceOf(error))] };
  } finally {
    files.close();
  }
}

async function lookOver(files: SshFiles, host: string, folder: string): Promise<Sighting> {
  const path = `${host}:${folder}`;
  try {
    const bytes = await files.read(`${folder}/${SYSTEM_VOLUME}/format.json`, FORMAT_SIZE_MAX);
    if (bytes === undefined && !(await files.isFolder(folder))) return unseen(path, 'missing', `there is no folder ${folder} on ${host}`);
    return sightingOf(path, bytes);
  } catch (error) {
    return unseen(path, 'unreadable', sentenceOf(error));
  }
}

async function volumesOver(files: SshFiles): Promise<readonly string[] | undefined> {
  for (const file of VOLUME_FILES) {
    const bytes = await files.read(file, 1024 * 1024).catch(() => undefined);
    const volumes = bytes === undefined ? undefined : volumesIn(Buffer.from(bytes).toString('utf8'));
    if (volumes !== undefined) return volumes;
  }
  return undefined;
}

/** Paths of the drives that a layout gives to a host: all of them where it names no hosts. */
async function foldersOn(host: string, volumes: readonly string[]): Promise<string[]> {
  const drives = await expandPlaces(volumes);
  const urls = drives.flatMap((drive) => (URL.canParse(drive) ? [new URL(drive)] : []));
  if (urls.length === 0) return drives;
  const named = urls.filter(({ hostname }) => hostname.replace(/^\[|\]$/g, '') === host.toLowerCase());
  if (named.length > 0) return named.map(({ pathname }) => decodeURIComponent(pathname));
  const own = await systemHosts.addressesOf(host).catch((): string[] => []);
  const same = await Promise.all(urls.map(async (url) => (await systemHosts.addressesOf(url.hostname).catch((): string[] => [])).some((address) => own.includes(address))));
  return urls.filter((_, index) => same[index]).map(({ pathname }) => decodeURIComponent(pathname));
}

async function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

function sentenceOf(error: unknown): string {
  if (error instanceof UsageError) return [error.message, error.hint].filter(Boolean).join('; ');
  return error instanceof Error ? error.message : String(error);
}
