import { pipeline } from 'node:stream/promises';
import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { openObject, parseRewind } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, targetArguments } from '../src/view/index.js';

export default class Cat extends MtsCommand<typeof Cat> {
  static override summary = 'Write the content of objects and files to standard output.';
  static override description = `Without a target, or for \`-\`, standard input is copied. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    rewind: Flags.string({ description: 'the content at that time: 7d10h, 2026.01.31' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'the content of this version' }),
    offset: Flags.integer({ description: 'leave out that many first bytes', min: 0 }),
    tail: Flags.integer({ description: 'only that many last bytes', min: 0 }),
    'part-number': Flags.integer({ description: 'only this part of a multipart object', min: 1, max: 10_000 }),
  };
  static override examples = [
    { description: 'Show an object.', command: '<%= config.bin %> cat local/notes/today.txt' },
    { description: 'Save its last kilobyte as it was yesterday.', command: '<%= config.bin %> cat --rewind 1d --tail 1024 local/logs/app.log > tail.log' },
  ];

  async run(): Promise<void> {
    const { rewind, offset, tail, 'version-id': versionId, 'part-number': partNumber } = this.flags;
    const targets = await this.given(0);
    if (offset !== undefined && tail !== undefined) throw new UsageError('You cannot specify both --tail and --offset.');
    const rewindTo = rewind === undefined ? undefined : parseRewind(rewind, Date.now());
    for (const target of targets.length === 0 ? ['-'] : targets) {
      try {
        const body = target === '-' ? process.stdin : (await openObject(this.place(target), { rewindTo, versionId, offset, tail, partNumber, signal: this.signal })).body;
        await pipeline(body, process.stdout, { end: false });
      } catch (error) {
        throw new Failure(`Unable to read from \`${target}\`.`, error);
      }
    }
  }
}
