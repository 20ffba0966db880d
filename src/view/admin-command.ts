/** The base of commands that ask a server's admin API. */
import type { Command } from '@oclif/core';
import { loadAdmin, type Admin } from '../client/index.js';
import { MtsCommand } from './command.js';
import { Failure } from './failure.js';
import { unknownAlias } from './unknown-alias.js';

export interface AdminTarget {
  readonly admin: Admin;
  readonly alias: string;
  /** What follows the alias: `bucket/prefix`, empty for none. */
  readonly path: string;
}

export abstract class AdminCommand<T extends typeof Command> extends MtsCommand<T> {
  /** The server of `ALIAS[/BUCKET/PREFIX]`. Throws a Failure for an alias nobody knows. */
  protected async target(text: string): Promise<AdminTarget> {
    const place = this.place(text);
    if (place.kind === 'local') throw new Failure('Unable to initialize admin connection.', new Error(unknownAlias(text.split('/')[0] ?? '').message));
    const { Admin: AdminClient } = await loadAdmin();
    return { admin: new AdminClient(place.s3), alias: place.alias, path: place.bucket === '' ? '' : place.key === '' ? place.bucket : `${place.bucket}/${place.key}` };
  }
}
