import { mkdir } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { isS3Error, type RemotePlace } from '../src/client/index.js';
import { EXIT_HELP, MtsCommand, targetArguments } from '../src/view/index.js';
import { UsageError } from '../src/base/index.js';

export default class Mb extends MtsCommand<typeof Mb> {
  static override summary = 'Make buckets, or local folders.';
  static override description = EXIT_HELP;
  static override args = targetArguments;
  static override flags = {
    'ignore-existing': Flags.boolean({ char: 'p', description: 'succeed where the bucket is there already' }),
    'with-lock': Flags.boolean({ char: 'l', description: 'with object lock (and versioning)' }),
    'with-versioning': Flags.boolean({ description: 'with versioning' }),
    region: Flags.string({ description: 'region of the bucket', default: '' }),
  };
  static override examples = [
    { description: 'Make a bucket.', command: '<%= config.bin %> mb local/photos' },
    { description: 'Make a bucket that keeps old versions, unless it is there.', command: '<%= config.bin %> mb -p --with-versioning local/photos' },
  ];

  async run(): Promise<void> {
    for (const target of await this.given(1)) {
      const place = this.place(target);
      try {
        if (place.kind === 'remote') await this.#makeBucket(place);
        else await mkdir(target, { recursive: true });
        this.say({ status: 'success', bucket: target, region: this.flags.region }, `Bucket created successfully \`${target}\`.`);
      } catch (error) {
        this.itemFailed(`Unable to make bucket \`${target}\`.`, error);
      }
    }
  }

  async #makeBucket({ s3, bucket, key }: RemotePlace): Promise<void> {
    if (bucket === '') throw new UsageError('Bucket name cannot be empty.');
    if (bucket.length < 3) throw new UsageError('Bucket name cannot be shorter than 3 characters');
    if (bucket.length > 63) throw new UsageError('Bucket name cannot be longer than 63 characters');
    if (key !== '') throw new UsageError('A bucket name has no slash in it.', 'Folders in buckets come with the objects in them.');
    const { region, 'with-lock': withLock, 'with-versioning': withVersioning, 'ignore-existing': mayExist } = this.flags;
    try {
      await s3.createBucket(bucket, { region, withLock });
    } catch (error) {
      if (!mayExist || !isS3Error(error, 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists')) throw error;
    }
    if (withVersioning) await s3.setVersioning(bucket, 'Enabled');
  }
}
