import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { loadTransfers } from '../src/client/index.js';
import { EXIT_HELP, Failure, TransferCommand, writeFlags } from '../src/view/index.js';

export default class Put extends TransferCommand<typeof Put> {
  static override summary = 'upload one file';
  static override description = `Uploads a file, with a say in how it is cut into parts. ${EXIT_HELP}`;
  static override usage = 'put [FLAGS] FILE TARGET';
  static override examples = ['<%= config.bin %> put disk.img local/images/', '<%= config.bin %> put -s 64MiB -P 8 disk.img local/images/disk.img'];
  static override flags = {
    'storage-class': writeFlags['storage-class'],
    checksum: writeFlags.checksum,
    'disable-multipart': writeFlags['disable-multipart'],
    parallel: Flags.integer({ char: 'P', default: 4, min: 1, max: 64, description: 'parts under way at the same time' }),
    'part-size': Flags.string({ char: 's', default: '16MiB', description: 'size of each part, 5MiB at least' }),
  };

  async run(): Promise<void> {
    const [file = '', to = ''] = await this.given(2, 2);
    const { parseSize, planCopies } = await loadTransfers();
    const { flags } = this;
    const [source, target] = [this.place(file), this.place(to)];
    if (source.kind !== 'local') throw new Failure('Unable to upload.', new UsageError(`The source \`${file}\` is not a local file.`));
    if (target.kind !== 'remote') throw new Failure('Unable to upload.', new UsageError('Target is not s3.'));
    const partSizeBytes = parseSize(flags['part-size'], '--part-size');
    if (partSizeBytes < 5 * 1024 * 1024) throw new UsageError('A part cannot be smaller than 5 MiB.', 'Use a larger --part-size.');
    const plan = planCopies([source], target, { isRecursive: false, signal: this.signal });
    const context = await this.context(flags, { partSizeBytes, partParallel: flags.parallel });
    await this.copyAll(plan, await this.runOptions(flags, false), context, {
      failureWords: (name) => `Failed to upload \`${name}\`.`,
      isSummary: false,
      isMirror: false,
    });
  }
}
