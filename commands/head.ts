import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Flags } from '@oclif/core';
import { FirstLines, openObject, parseRewind } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, targetArguments } from '../src/view/index.js';

export default class Head extends MtsCommand<typeof Head> {
  static override summary = 'Show the first lines of objects and files.';
  static override description = `Content packed with gzip is unpacked on the way. Without a target standard input is read. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    lines: Flags.integer({ char: 'n', description: 'that many lines', default: 10, min: 1 }),
    rewind: Flags.string({ description: 'the content at that time: 7d10h, 2026.01.31' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'the content of this version' }),
  };
  static override examples = [
    { description: 'Show the first ten lines.', command: '<%= config.bin %> head local/logs/app.log' },
    { description: 'Show the first line of a packed table.', command: '<%= config.bin %> head -n 1 local/data/table.csv.gz' },
  ];

  async run(): Promise<void> {
    const { lines, rewind, 'version-id': versionId } = this.flags;
    const targets = await this.given(0);
    const rewindTo = rewind === undefined ? undefined : parseRewind(rewind, Date.now());
    for (const target of targets.length === 0 ? ['-'] : targets) {
      try {
        const body = target === '-' ? process.stdin : (await openObject(this.place(target), { rewindTo, versionId, signal: this.signal })).body;
        await showLines(/\.gz$/.test(target) ? body.pipe(createGunzip()) : body, lines);
        body.destroy();
      } catch (error) {
        throw new Failure(`Unable to read from \`${target}\`.`, error);
      }
    }
  }
}

/** Ends when the lines are out; the rest of the source is left unread. */
async function showLines(source: Readable, count: number): Promise<void> {
  const lines = new FirstLines(count);
  for await (const piece of source as AsyncIterable<Buffer>) {
    process.stdout.write(lines.take(piece));
    if (lines.isDone) return;
  }
}
