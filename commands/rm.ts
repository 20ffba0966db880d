import { createInterface } from 'node:readline';
import { Flags } from '@oclif/core';
import { loadTransfers, type RemovalOptions, type RemovalResult } from '../src/client/index.js';
import { ageFlags, EXIT_HELP, Failure, formatTime, targetArguments, TransferCommand } from '../src/view/index.js';

const IRREVERSIBLE = 'This operation is *IRREVERSIBLE*. Please review carefully before performing this *DANGEROUS* operation.';

export default class Rm extends TransferCommand<typeof Rm> {
  static override summary = 'remove objects and files';
  static override description = `Removes objects, all under a prefix, single versions, or unfinished uploads. With -r a name that is a folder means what is in it;
any other name means all keys that begin so. Buckets are removed with rb. ${EXIT_HELP}`;
  static override usage = 'rm [FLAGS] TARGET...';
  static override examples = [
    '<%= config.bin %> rm local/album/photo.jpg',
    '<%= config.bin %> rm -r --force local/album/2019/',
    '<%= config.bin %> rm -r --force --versions --non-current --older-than 30d local/album',
    '<%= config.bin %> rm -I -r --force local/album',
  ];
  static override args = targetArguments;
  static override flags = {
    ...ageFlags,
    recursive: Flags.boolean({ char: 'r', description: 'all under a prefix or folder' }),
    force: Flags.boolean({ description: 'yes, remove many' }),
    dangerous: Flags.boolean({ description: 'yes, everything on this server' }),
    versions: Flags.boolean({ description: 'all versions' }),
    'non-current': Flags.boolean({ description: 'only versions that are not the current one (with --versions -r)' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'this version of the object' }),
    rewind: Flags.string({ description: 'the versions that were current at that time' }),
    incomplete: Flags.boolean({ char: 'I', description: 'unfinished uploads' }),
    'dry-run': Flags.boolean({ description: 'only say what would be removed' }),
    stdin: Flags.boolean({ description: 'read names from standard input, one a line' }),
    bypass: Flags.boolean({ description: 'bypass governance retention' }),
  };

  async run(): Promise<void> {
    const { flags } = this;
    const texts = await this.given(flags.stdin ? 0 : 1);
    this.#refuseContradictions();
    if (!flags.force && (flags.recursive || flags.versions || flags.stdin)) {
      throw new Failure(`Removal requires --force flag. ${IRREVERSIBLE}`);
    }
    const options: RemovalOptions = {
      isRecursive: flags.recursive,
      isVersions: flags.versions,
      isNonCurrent: flags['non-current'],
      isIncomplete: flags.incomplete,
      isDryRun: flags['dry-run'],
      isBypassing: flags.bypass,
      versionId: flags['version-id'],
      rewindMs: this.rewindMs(flags.rewind),
      ...this.ages(flags),
      signal: this.signal,
    };
    for (const text of texts) await this.#remove(text, options);
    if (!flags.stdin) return;
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line !== '') await this.#remove(line, options);
    }
  }

  #refuseContradictions(): void {
    const { flags } = this;
    if (flags['version-id'] !== undefined && (flags.recursive || flags.versions || flags.rewind !== undefined)) {
      throw new Failure('You cannot specify --version-id with any of --versions, --rewind and --recursive flags.');
    }
    if (flags['non-current'] && !(flags.versions && flags.recursive)) {
      throw new Failure('You cannot specify --non-current without --versions --recursive, please use --non-current --versions --recursive.');
    }
  }

  async #remove(text: string, options: RemovalOptions): Promise<void> {
    const { removePlace } = await loadTransfers();
    const place = this.place(text);
    if (place.kind === 'remote' && place.bucket === '' && !(this.flags.dangerous && this.flags.force && this.flags.recursive)) {
      throw new Failure(
        'This operation results in site-wide removal of objects. If you are really sure, retry this command with --recursive, ‘--dangerous’ and ‘--force’ flags.',
      );
    }
    const isMany = options.isRecursive || options.isVersions;
    try {
      for await (const result of removePlace(place, options)) {
        this.#report(result);
        await this.outputReady();
      }
    } catch (error) {
      this.signal.throwIfAborted();
      this.itemFailed(`Failed to remove \`${text}\`${isMany ? ' recursively' : ''}.`, error);
    }
  }

  #report(result: RemovalResult): void {
    const { name, versionId, isDeleteMarker, isDryRun, modifiedAt } = result;
    if (result.error) {
      this.itemFailed(`Failed to remove \`${name}\`.`, result.error);
      return;
    }
    const version = versionId === '' ? '' : ` (versionId=${versionId})`;
    const modified = isDryRun && versionId !== '' && modifiedAt ? ` (modTime=${formatTime(modifiedAt)})` : '';
    const verb = isDryRun ? 'DRYRUN: Removing' : isDeleteMarker ? 'Created delete marker' : 'Removed';
    this.say(
      { status: 'success', key: name, deleteMarker: isDeleteMarker, versionID: versionId, modTime: isDryRun && modifiedAt ? modifiedAt.toISOString() : null, dryRun: isDryRun },
      `${verb} \`${name}\`${version}${modified}.`,
    );
  }
}
