import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { loadTransfers, type Place } from '../src/client/index.js';
import { copyFlags, EXIT_HELP, Failure, TransferCommand } from '../src/view/index.js';

/** Parts start at this size where none is asked for, and grow with the input. */
const PART_SIZE = 16 * 1024 * 1024;

export default class Pipe extends TransferCommand<typeof Pipe> {
  static override summary = 'store standard input as an object';
  static override description = `Reads standard input to its end and stores it as an object or a file. When the input breaks off or Ctrl-C is pressed nothing
is stored. ${EXIT_HELP}`;
  static override usage = 'pipe [FLAGS] TARGET';
  static override examples = ['tar c photos | <%= config.bin %> pipe local/backups/photos.tar'];
  static override flags = {
    attr: copyFlags.attr,
    tags: copyFlags.tags,
    'storage-class': copyFlags['storage-class'],
    checksum: copyFlags.checksum,
    concurrent: Flags.integer({ default: 4, min: 1, max: 64, description: 'parts held in memory and sent at the same time' }),
    'part-size': Flags.string({ description: 'size of each part [default: 16MiB, growing with the input]' }),
  };

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const target = this.place(text);
    const size = await this.untilDone(this.#store(target)).catch((error: unknown) => {
      throw new Failure('Unable to write to one or more targets.', error);
    });
    this.say({ status: 'success', target: text, size }, `${size} bytes -> \`${text}\``);
  }

  async #store(target: Place): Promise<number> {
    const { parseAttributes, parseSize, parseTags, pipeToFile, pipeToObject } = await loadTransfers();
    const { flags } = this;
    const context = { ...(await this.context(flags)), onBytes: () => {} };
    this.signal.addEventListener('abort', () => void process.stdin.destroy());
    if (target.kind === 'local') return pipeToFile(process.stdin, target.text, context);
    if (target.bucket === '' || target.key === '') throw new UsageError('Object name cannot be empty.');
    if (target.key.endsWith('/')) throw new UsageError('Object name contains unsupported characters: it ends with a slash.');
    const tags = parseTags(flags.tags);
    const partSizeBytes = flags['part-size'] === undefined ? PART_SIZE : parseSize(flags['part-size'], '--part-size');
    if (partSizeBytes < 5 * 1024 * 1024) throw new UsageError('A part cannot be smaller than 5 MiB.', 'Use a larger --part-size.');
    return pipeToObject(
      process.stdin,
      target,
      {
        partSizeBytes,
        isGrowing: flags['part-size'] === undefined,
        parallel: flags.concurrent,
        headers: {
          'content-type': 'application/octet-stream',
          ...(tags === undefined ? {} : { 'x-amz-tagging': tags }),
          ...(flags['storage-class'] === undefined ? {} : { 'x-amz-storage-class': flags['storage-class'] }),
          ...parseAttributes(flags.attr),
        },
      },
      context,
    );
  }
}
