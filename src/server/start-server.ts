/** A server for other people's tests: free port, drives that vanish with it, one call to start and one to close. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { silentLog, UsageError, type Log } from '../base/index.js';
import { loadCertificate, reachableHosts, urlOf } from '../net/index.js';
import { openServer } from './server.js';
import { checkKeys, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY } from './settings.js';

export interface StartServerOptions {
  /** Drive arguments as `mts server` takes them, which stay when the server is closed; or how many temporary drives to make. Default 1. */
  readonly drives?: readonly string[] | number;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Host to listen on. Default `127.0.0.1`. */
  readonly address?: string;
  /** At least 3 characters. Default `minioadmin`. */
  readonly accessKey?: string;
  /** At least 8 characters. Default `minioadmin`. */
  readonly secretKey?: string;
  /** Demanded in signatures and answered as the buckets' location. Default: any is accepted. */
  readonly region?: string;
  /** Folder with `public.crt` and `private.key`. Default: plain http. */
  readonly certsDir?: string;
  /** Changes not a byte of the drives and refuses every change. Default: false. */
  readonly readOnly?: boolean;
  /** Gets what the server has to say. Default: nobody. */
  readonly log?: Log;
}

export interface RunningServer extends AsyncDisposable {
  /** For instance `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The same, as S3 clients call it. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Finishes what is in flight, closes, and removes temporary drives. Harmless when repeated. */
  close(): Promise<void>;
}

const CLOSE_LIMIT_MS = 5000;

/** Starts a server in this process. Throws a UsageError where it cannot start. */
export async function startServer(options: StartServerOptions = {}): Promise<RunningServer> {
  const { accessKey = DEFAULT_ACCESS_KEY, secretKey = DEFAULT_SECRET_KEY, port = 0, address = '127.0.0.1' } = options;
  checkKeys(accessKey, secretKey, { access: 'the option accessKey', secret: 'the option secretKey' });
  const certificate = options.certsDir === undefined ? undefined : await loadCertificate(options.certsDir);
  const folders = await drivesOf(options.drives ?? 1);
  try {
    const server = await openServer({
      drives: folders.drives,
      address: `${address.includes(':') ? `[${address}]` : address}:${port}`,
      accessKey,
      secretKey,
      region: options.region ?? '',
      certificate,
      allowRootDrive: true,
      isReadOnly: options.readOnly ?? false,
      log: options.log ?? silentLog,
    });
    const host = reachableHosts(server.address.host).at(-1) ?? '127.0.0.1';
    const url = urlOf(server.scheme, host, server.port);
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => (closed ??= server.close(CLOSE_LIMIT_MS).finally(folders.remove));
    return { url, endpoint: url, host, port: server.port, accessKey, secretKey, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await folders.remove();
    throw error;
  }
}

async function drivesOf(drives: readonly string[] | number): Promise<{ readonly drives: readonly string[]; readonly remove: () => Promise<void> }> {
  if (typeof drives !== 'number') return { drives, remove: () => Promise.resolve() };
  if (!Number.isInteger(drives) || drives < 1) throw new UsageError(`${drives} temporary drives were asked for`, 'ask for 1, or for a number of drives that sets of 2 to 16 can be made of');
  const root = await mkdtemp(join(tmpdir(), 'mts-'));
  const names = drives === 1 ? [join(root, 'drive')] : Array.from({ length: drives }, (_, index) => join(root, `drive${index + 1}`));
  return { drives: names, remove: () => rm(root, { recursive: true, force: true }) };
}
