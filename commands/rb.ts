import { readdir, rm, rmdir } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { emptyBucket, kindOf, list, type Place, type RemotePlace } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, targetArguments } from '../src/view/index.js';

export default class Rb extends MtsCommand<typeof Rb> {
  static override summary = 'Remove buckets, or local folders.';
  static override description = `Only empty ones, unless --force is given: then all objects and versions go with the bucket, for good. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    force: Flags.boolean({ description: 'remove everything in it too, all versions' }),
    dangerous: Flags.boolean({ description: 'with --force, allow to remove all buckets of a server' }),
  };
  static override examples = [
    { description: 'Remove an empty bucket.', command: '<%= config.bin %> rb local/photos' },
    { description: 'Remove a bucket and all that it holds.', command: '<%= config.bin %> rb --force local/photos' },
  ];

  async run(): Promise<void> {
    const { force, dangerous } = this.flags;
    const targets = await this.given(1);
    for (const target of targets) {
      const place = this.place(target);
      if (place.kind === 'remote' && place.bucket === '') {
        if (!force || !dangerous) {
          throw new Failure('This operation results in **site-wide** removal of buckets. If you are really sure, retry this command with ‘--force’ and ‘--dangerous’ flags.');
        }
        for (const { name } of await place.s3.listBuckets(this.signal)) await this.#remove(this.place(`${place.alias}/${name}`));
      } else {
        await this.#remove(place);
      }
    }
  }

  async #remove(place: Place): Promise<void> {
    const name = place.text.replace(/\/$/, '');
    try {
      await this.#check(place);
      if (place.kind === 'remote') await this.#removeBucket(place);
      else if (this.flags.force) await rm(place.text, { recursive: true });
      else await rmdir(place.text);
      this.say({ status: 'success', bucket: name }, `Removed \`${name}\` successfully.`);
    } catch (error) {
      if (error instanceof Failure) this.itemFailed(error.message, error.cause);
      else this.itemFailed(`Failed to remove \`${name}\`.`, error);
    }
  }

  async #check(place: Place): Promise<void> {
    const refused = `Unable to validate target \`${place.text}\`.`;
    if (place.kind === 'remote' && place.key !== '') throw new Failure(refused, new Error('Object does not exist'));
    const kind = await kindOf(place, this.signal).catch((error: unknown) => {
      throw new Failure(refused, error);
    });
    if (kind !== 'folder') throw new Failure(refused, new Error(`Requested path \`${place.text}\` is not a folder`));
    if (!this.flags.force && !(await this.#isEmpty(place))) {
      throw new Failure(`\`${place.text}\` is not empty. Retry this command with ‘--force’ flag if you want to remove \`${place.text}\` and all its contents`);
    }
  }

  async #isEmpty(place: Place): Promise<boolean> {
    if (place.kind === 'local') return (await readdir(place.text)).length === 0;
    for await (const _entry of list(place, { isRecursive: true, withVersions: true, signal: this.signal })) return false;
    return true;
  }

  async #removeBucket({ s3, bucket }: RemotePlace): Promise<void> {
    if (this.flags.force) await emptyBucket(s3, bucket, this.signal);
    await s3.deleteBucket(bucket);
  }
}
