import { Flags } from '@oclif/core';
import { loadTransfers } from '../src/client/index.js';
import { copyFlags, EXIT_HELP, targetArguments, TransferCommand } from '../src/view/index.js';

export default class Cp extends TransferCommand<typeof Cp> {
  static override summary = 'copy files and objects';
  static override description = `Copies between files, objects and servers. A target that ends with a slash, or is a folder already, keeps the sources' names;
a recursive source that ends with a slash stands for what is in it. Large objects travel in parts, several at a time, and an
interrupted copy goes on where it stopped when the same command runs again. ${EXIT_HELP}`;
  static override usage = 'cp [FLAGS] SOURCE... TARGET';
  static override examples = [
    '<%= config.bin %> cp photo.jpg local/album/',
    '<%= config.bin %> cp -r local/album/2024/ ./backup/',
    '<%= config.bin %> cp --attr "Cache-Control=max-age=90;artist=Unknown" --tags "a=b" song.mp3 local/music/',
    '<%= config.bin %> cp -r --rewind 7d local/album/ ./album-last-week/',
  ];
  static override args = targetArguments;
  static override flags = {
    ...copyFlags,
    rewind: Flags.string({ description: 'objects as they were at that time: 7d, 2024.05.01T10:00' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'this version of the object' }),
  };

  async run(): Promise<void> {
    const texts = await this.given(2);
    const { planCopies } = await loadTransfers();
    const { flags } = this;
    const places = texts.map((text) => this.place(text));
    const target = places.pop();
    if (!target) return;
    const plan = planCopies(places, target, {
      isRecursive: flags.recursive,
      versionId: flags['version-id'],
      rewindMs: this.rewindMs(flags.rewind),
      ...this.ages(flags),
      signal: this.signal,
    });
    await this.copyAll(plan, await this.runOptions(flags, false), await this.context(flags), {
      failureWords: (source) => `Failed to copy \`${source}\`.`,
      isSummary: false,
      isMirror: false,
    });
  }
}
