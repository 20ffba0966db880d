/** The base of commands that look at drives of this machine, of servers, and of other machines over SSH. */
import { Flags, type Command } from '@oclif/core';
import { UsageError } from '../base/index.js';
import type { Session, SshOptions } from '../client/index.js';
import { MtsCommand } from './command.js';

export const formatFlags = {
  'ssh-key': Flags.string({ multiple: true, multipleNonGreedy: true, description: 'private key to log in with [default: the agent, ~/.ssh/config and ~/.ssh/id_*]', helpGroup: 'SSH' }),
  'ssh-jump': Flags.string({ description: '[user@]host[:port] to go through', helpGroup: 'SSH' }),
  'ssh-known-hosts': Flags.string({ description: 'file of host keys [default: ~/.ssh/known_hosts]', helpGroup: 'SSH' }),
  timeout: Flags.integer({ description: 'seconds that a host may take to answer', default: 10, min: 1, max: 600 }),
};

interface PlaceAccess {
  readonly session: Session;
  readonly ssh: SshOptions;
  readonly credentials: { readonly accessKey: string; readonly secretKey: string };
  readonly layout: readonly string[];
  readonly signal: AbortSignal;
}

type FormatFlags = { readonly 'ssh-key'?: string[] | undefined; readonly 'ssh-jump'?: string | undefined; readonly 'ssh-known-hosts'?: string | undefined; readonly timeout: number };

export abstract class FormatCommand<T extends typeof Command> extends MtsCommand<T> {
  /** How places of other machines are looked at. Throws a UsageError where only one half of the keys is set. */
  protected access(flags: FormatFlags, layout: readonly string[] = []): PlaceAccess {
    const { MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: secret, MTS_SSH_PASSWORD: password, MTS_SSH_PASSPHRASE: passphrase } = process.env;
    if ((user === undefined) !== (secret === undefined)) throw new UsageError('only one of MINIO_ROOT_USER and MINIO_ROOT_PASSWORD is set', 'set both, or use an alias');
    return {
      session: this.session,
      ssh: { keys: flags['ssh-key'] ?? [], jump: flags['ssh-jump'], knownHosts: flags['ssh-known-hosts'], password, passphrase, timeoutMs: flags.timeout * 1000 },
      credentials: { accessKey: user ?? 'minioadmin', secretKey: secret ?? 'minioadmin' },
      layout,
      signal: this.signal,
    };
  }
}
