/**
 * Aliases: names of servers with their keys. They live in mc's config.json, version 10, in the folder of `--config-dir`;
 * `MC_HOST_<alias>` variables (and `MTS_HOST_<alias>`) come before the file. Where our own folder has no config.json, the
 * aliases of mc's folder are read, never written.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../base/index.js';

/** `s3v4` and `s3v2` are the signature versions. `path`: `on` puts the bucket into the path, `off` and `dns` into the host name. */
export interface Alias {
  readonly name: string;
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
  readonly api: 's3v4' | 's3v2';
  readonly path: 'auto' | 'on' | 'off' | 'dns';
  /** Where it is defined: a file's path or `env`. */
  readonly source: string;
}

interface StoredAlias {
  url: string;
  accessKey: string;
  secretKey: string;
  sessionToken?: string;
  api?: string;
  path?: string;
}

interface StoredConfig {
  version: string;
  aliases: Record<string, StoredAlias>;
}

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

/** `~/.mts`, or what MTS_CONFIG_DIR or MC_CONFIG_DIR says. */
export function defaultConfigDir(): string {
  return process.env['MTS_CONFIG_DIR'] || process.env['MC_CONFIG_DIR'] || join(homedir(), '.mts');
}

/** A new installation knows the server that `mts server` starts with nothing configured. */
const FIRST_CONFIG: StoredConfig = {
  version: '10',
  aliases: { local: { url: 'http://localhost:9000', accessKey: '', secretKey: '', api: 'S3v4', path: 'auto' } },
};

/** The aliases of one config folder. Reads when asked; writes replace the file as a whole and keep the one before as config.json.old. */
export class AliasConfig {
  readonly file: string;
  readonly #isDefault: boolean;

  constructor(readonly dir: string) {
    this.file = join(dir, 'config.json');
    this.#isDefault = dir === join(homedir(), '.mts');
  }

  /** All aliases by name; those of the environment hide those of the file. Throws UsageError for a file that is none. */
  list(): Alias[] {
    const byName = new Map<string, Alias>();
    const { config, file } = this.#read();
    for (const [name, stored] of Object.entries(config.aliases)) byName.set(name, fromStored(name, stored, file));
    for (const alias of aliasesFromEnvironment()) byName.set(alias.name, alias);
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Alias | undefined {
    if (!NAME.test(name)) return undefined;
    const fromEnvironment = aliasesFromEnvironment().find((alias) => alias.name === name);
    if (fromEnvironment !== undefined) return fromEnvironment;
    const { config, file } = this.#read();
    const stored = Object.hasOwn(config.aliases, name) ? config.aliases[name] : undefined;
    return stored === undefined ? undefined : fromStored(name, stored, file);
  }

  set(alias: Omit<Alias, 'source'>): void {
    const { config } = this.#read();
    const { name, url, accessKey, secretKey, sessionToken, api, path } = alias;
    config.aliases[name] = { url, accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }), api, path };
    this.#write(config);
  }

  /** False when the file has no such alias. */
  remove(name: string): boolean {
    const { config } = this.#read();
    if (!Object.hasOwn(config.aliases, name)) return false;
    delete config.aliases[name];
    this.#write(config);
    return true;
  }

  #read(): { config: StoredConfig; file: string } {
    const foreign = join(homedir(), '.mc', 'config.json');
    const candidates = this.#isDefault ? [this.file, foreign] : [this.file];
    const file = candidates.find((candidate) => existsSync(candidate));
    if (file === undefined) return { config: structuredClone(FIRST_CONFIG), file: this.file };
    return { config: parseConfig(readFileSync(file, 'utf8'), file), file };
  }

  #write(config: StoredConfig): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const fresh = `${this.file}.${process.pid}.new`;
    writeFileSync(fresh, JSON.stringify(config, undefined, '\t'), { mode: 0o600 });
    if (existsSync(this.file)) renameSync(this.file, `${this.file}.old`);
    renameSync(fresh, this.file);
  }
}

function parseConfig(text: string, file: string): StoredConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`The configuration ${file} is not JSON: ${(error as Error).message}.`, `Repair it, or put ${file}.old in its place.`);
  }
  const { version, aliases, hosts } = parsed as { version?: unknown; aliases?: unknown; hosts?: unknown };
  const table = aliases ?? hosts;
  if (typeof version !== 'string' || typeof table !== 'object' || table === null) {
    throw new UsageError(`The configuration ${file} is not one of mc's or mts's: it needs "version" and "aliases".`);
  }
  return { version: '10', aliases: table as Record<string, StoredAlias> };
}

function fromStored(name: string, stored: StoredAlias, source: string): Alias {
  return {
    name,
    url: stored.url,
    accessKey: stored.accessKey ?? '',
    secretKey: stored.secretKey ?? '',
    sessionToken: stored.sessionToken || undefined,
    api: parseApi(stored.api ?? ''),
    path: parsePathStyle(stored.path ?? ''),
    source,
  };
}

const parseApi = (text: string): Alias['api'] => (text.toLowerCase() === 's3v2' ? 's3v2' : 's3v4');
const parsePathStyle = (text: string): Alias['path'] => (text === 'on' || text === 'off' || text === 'dns' ? text : 'auto');

/** `MC_HOST_name=https://ACCESS:SECRET[:TOKEN]@host`, also from the file that MC_CONFIG_ENV_FILE names. */
function aliasesFromEnvironment(): Alias[] {
  const file = process.env['MTS_CONFIG_ENV_FILE'] ?? process.env['MC_CONFIG_ENV_FILE'];
  const lines = file === undefined || !existsSync(file) ? [] : readFileSync(file, 'utf8').split('\n').map((line) => line.trim().replace(/^export\s+/, ''));
  const fromFile = lines.filter((line) => line.includes('=')).map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return [...fromFile, ...Object.entries(process.env)].flatMap(([variable, value]) => {
    const name = /^(?:MC|MTS)_HOST_([a-zA-Z0-9_-]+)$/.exec(variable)?.[1];
    return name === undefined || value === undefined || value === '' ? [] : [parseHostVariable(name, value)];
  });
}

function parseHostVariable(name: string, value: string): Alias {
  // Keys may hold any character, so this is no URL for the URL class: the last "@" ends the keys.
  const match = /^(https?:\/\/)(?:(.*)@)?([^@/]+)\/?$/.exec(value);
  if (match === null) {
    throw new UsageError(`MC_HOST_${name} must look like https://ACCESSKEY:SECRETKEY@host:port.`);
  }
  const [, scheme = '', keys = '', host = ''] = match;
  const [accessKey = '', secretKey = '', ...token] = keys.split(':');
  const sessionToken = token.join(':');
  const decode = (text: string): string => (/%[0-9a-fA-F]{2}/.test(text) ? decodeURIComponent(text) : text);
  return {
    name,
    url: `${scheme}${host}`,
    accessKey: decode(accessKey),
    secretKey: decode(secretKey),
    sessionToken: sessionToken === '' ? undefined : sessionToken,
    api: 's3v4',
    path: 'auto',
    source: 'env',
  };
}

/** Throws UsageError when the name is not a letter followed by letters, digits, `_`, `-`. */
export function checkAliasName(name: string): void {
  if (!NAME.test(name)) {
    throw new UsageError(`Invalid alias \`${name}\`.`, 'An alias starts with a letter; letters, digits, hyphens and underscores follow.');
  }
}

/** `http(s)://host[:port]`, without a path. Throws UsageError. */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new UsageError(`Invalid URL \`${text}\`.`, 'It must look like https://host or http://host:9000.');
  }
  return url.origin;
}
