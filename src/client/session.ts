/** One run of a command: its aliases, one connection pool, and the S3 clients made so far. */
import { AliasConfig, type Alias } from './alias-config.js';
import { S3 } from './s3.js';
import type { Place } from './transfer/place.js';
import { Transport, type ConnectionOptions } from './transport.js';

export interface SessionOptions extends ConnectionOptions {
  readonly configDir: string;
}

export class Session {
  readonly aliases: AliasConfig;
  readonly #options: SessionOptions;
  readonly #transport: Transport;
  readonly #clients = new Map<string, S3>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.aliases = new AliasConfig(options.configDir);
    this.#transport = new Transport(options);
  }

  /** The client of an alias; the same one for the same alias. */
  s3(alias: Alias): S3 {
    const known = this.#clients.get(alias.name);
    if (known !== undefined) return known;
    const made = new S3(alias, this.#options, this.#transport);
    this.#clients.set(alias.name, made);
    return made;
  }

  /** A client for credentials that are no alias (yet). */
  s3Of(alias: Alias): S3 {
    return new S3(alias, this.#options, this.#transport);
  }

  /**
   * `ALIAS/BUCKET/PREFIX` when the first element is a known alias, a local path otherwise. On Windows `\` is a slash too.
   */
  place(text: string): Place {
    const slashed = process.platform === 'win32' ? text.replaceAll('\\', '/') : text;
    const [name = '', ...rest] = slashed.split('/');
    const alias = this.aliases.find(name);
    if (alias === undefined) return { kind: 'local', text };
    const [bucket = '', ...key] = rest;
    return { kind: 'remote', text: slashed, alias: name, s3: this.s3(alias), bucket, key: key.join('/') };
  }

  close(): void {
    this.#transport.close();
  }
}
