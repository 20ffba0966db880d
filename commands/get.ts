import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { loadTransfers } from '../src/client/index.js';
import { EXIT_HELP, Failure, TransferCommand } from '../src/view/index.js';

export default class Get extends TransferCommand<typeof Get> {
  static override summary = 'download one object';
  static override description = `Downloads an object into a file, large ones in ranges, several at a time. ${EXIT_HELP}`;
  static override usage = 'get [FLAGS] SOURCE FILE';
  static override examples = ['<%= config.bin %> get local/images/disk.img ./disk.img'];
  static override flags = {
    'version-id': Flags.string({ aliases: ['vid'], description: 'this version of the object' }),
  };

  async run(): Promise<void> {
    const [from = '', file = ''] = await this.given(2, 2);
    const { planCopies } = await loadTransfers();
    const [source, target] = [this.place(from), this.place(file)];
    if (source.kind !== 'remote') throw new Failure('Unable to download.', new UsageError('Source is not s3.'));
    if (target.kind !== 'local') throw new Failure('Unable to download.', new UsageError(`The target \`${file}\` is not a local path.`));
    const plan = planCopies([source], target, { isRecursive: false, versionId: this.flags['version-id'], signal: this.signal });
    await this.copyAll(plan, await this.runOptions({}, false), await this.context(this.flags), {
      failureWords: (name) => `Failed to download \`${name}\`.`,
      isSummary: false,
      isMirror: false,
    });
  }
}
