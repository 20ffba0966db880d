/** The life of a `mts server` process: settings, banner, log, signals, exit code. */
import { homedir } from 'node:os';
import { join } from 'node:path';

import { UsageError, type Log } from '../base/index.js';
import { loadCertificate } from '../net/index.js';
import { bannerFields, bannerLines, DEFAULT_KEYS_WARNING } from './banner.js';
import { humanLog, jsonLog } from './logs.js';
import { openServer, StoppedError, VERSION, type OpenServer } from './server.js';
import { isSwitchedOn, rootKeys, splitWords, type Environment } from './settings.js';

interface RunOptions {
  /** Drive arguments; MINIO_VOLUMES where there are none. */
  readonly drives: readonly string[];
  /** Default MINIO_ADDRESS, else `:9000`. */
  readonly address?: string | undefined;
  /** Default ~/.minio/certs, as MinIO looks there. */
  readonly certsDir?: string | undefined;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isReadOnly: boolean;
  /** Flags that were accepted for the sake of scripts but mean nothing here. */
  readonly ignored: readonly string[];
  readonly environment: Environment;
}

/** Requests in flight get this long after the first signal. */
const FINISH_LIMIT_MS = 10_000;

/** Runs until SIGTERM, SIGINT or an operator's order to stop; gives the exit code. Throws a UsageError where the server cannot start. */
export async function runServer(options: RunOptions): Promise<number> {
  const { environment, isJson, isQuiet } = options;
  const log = isJson ? jsonLog(process.stdout, isQuiet) : humanLog((line) => process.stderr.write(`${line}\n`), isQuiet);
  const stop = signalled(log);
  let address = options.address ?? nonEmpty(environment['MINIO_ADDRESS']) ?? ':9000';
  for (;;) {
    const opened = await openUnlessStopped(options, address, log, stop.first);
    if (opened === undefined) {
      stop.remove();
      return 0;
    }
    const { server, certsDir } = opened;
    const removeReload = reloadOnHangUp(server, certsDir, log);
    const why = await Promise.race([stop.first.then(() => 'signal' as const), server.asked]);
    removeReload();
    log.info(`${why === 'restart' ? 'restarting, as an operator asked' : 'stopping'}: requests in flight are finished, new ones refused`);
    void stop.second.then(() => server.close(0));
    // The same port again where any free one was taken.
    address = `${hostPart(address)}:${server.port}`;
    await server.close(FINISH_LIMIT_MS);
    if (why === 'restart') continue;
    stop.remove();
    return 0;
  }
}

interface Opened {
  readonly server: OpenServer;
  readonly certsDir: string;
}

/** undefined where it was stopped while it waited for other nodes. */
async function openUnlessStopped(options: RunOptions, address: string, log: Log, stopped: Promise<void>): Promise<Opened | undefined> {
  try {
    return await open(options, address, log, stopped);
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    log.info(error.message);
    return undefined;
  }
}

/** Opens the server and says that it is up. */
async function open(options: RunOptions, address: string, log: Log, stopped: Promise<void>): Promise<Opened> {
  const { environment, isJson, isQuiet } = options;
  const keys = await rootKeys(environment);
  const certsDir = options.certsDir ?? join(homedir(), '.minio', 'certs');
  const certificate = await loadCertificate(certsDir);
  const server = await openServer({
    drives: options.drives.length > 0 ? options.drives : splitWords(environment['MINIO_VOLUMES']),
    address,
    accessKey: keys.accessKey,
    secretKey: keys.secretKey,
    region: environment['MINIO_REGION'] ?? environment['MINIO_REGION_NAME'] ?? environment['MINIO_SITE_REGION'] ?? '',
    certificate,
    setDriveCount: environment['MINIO_ERASURE_SET_DRIVE_COUNT'],
    standardClass: environment['MINIO_STORAGE_CLASS_STANDARD'],
    reducedClass: environment['MINIO_STORAGE_CLASS_RRS'],
    allowRootDrive: isSwitchedOn(environment['MINIO_CI_CD']),
    isReadOnly: options.isReadOnly,
    log,
    environment,
    stopped,
  });
  const facts = { version: VERSION, address: server.address, scheme: server.scheme, port: server.port, keys, drives: server.drives(), notice: server.notice };
  if (isJson) log.info('server is up', bannerFields(facts));
  else if (!isQuiet) process.stdout.write(`${bannerLines(facts).join('\n')}\n`);
  if (isQuiet && server.notice !== undefined) log.warn(server.notice);
  if (keys.areDefaults && (isJson || isQuiet)) log.warn(DEFAULT_KEYS_WARNING);
  if (options.certsDir !== undefined && certificate === undefined) log.info(`no public.crt and private.key in ${certsDir}: serving plain http`);
  for (const flag of options.ignored) log.info(`${flag} is accepted for scripts written for MinIO and has no effect`);
  return { server, certsDir };
}

/** `127.0.0.1` of `127.0.0.1:0`. */
function hostPart(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':')));
}

interface Signals {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  remove(): void;
}

/** Heard from the very beginning: a server told to stop while it starts stops when it has started. */
function signalled(log: Log): Signals {
  const resolvers: (() => void)[] = [];
  const first = new Promise<void>((resolve) => resolvers.push(resolve));
  const second = new Promise<void>((resolve) => resolvers.push(resolve));
  const onSignal = (signal: NodeJS.Signals): void => {
    const resolve = resolvers.shift();
    if (resolvers.length === 0) log.warn(`${signal} again: requests in flight are cut off`);
    resolve?.();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return { first, second, remove: () => process.off('SIGTERM', onSignal).off('SIGINT', onSignal) };
}

/** SIGHUP takes a renewed certificate without dropping connections. */
function reloadOnHangUp(server: OpenServer, certsDir: string, log: Log): () => void {
  const onHangUp = async (): Promise<void> => {
    try {
      const certificate = await loadCertificate(certsDir);
      if (certificate === undefined || server.scheme === 'http') return;
      server.setCertificate(certificate);
      log.info(`the certificate in ${certsDir} was loaded again`);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      log.error(`the old certificate stays in use: ${error.message}`);
    }
  };
  const listener = (): void => void onHangUp();
  process.on('SIGHUP', listener);
  return () => void process.off('SIGHUP', listener);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
