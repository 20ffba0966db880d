import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { kindOf, list, loadDiskUsage, parseRewind, type ListingOptions, type Place } from '../src/client/index.js';
import { EXIT_HELP, Failure, formatTightSize, MtsCommand, targetArguments } from '../src/view/index.js';

export default class Du extends MtsCommand<typeof Du> {
  static override summary = 'Add up the sizes of what is below a folder.';
  static override description = EXIT_HELP;
  static override args = targetArguments;
  static override flags = {
    depth: Flags.integer({ char: 'd', description: 'show folders down to this level; 1 shows only the sum', default: 1, min: 1 }),
    recursive: Flags.boolean({ char: 'r', description: 'show folders of all levels' }),
    versions: Flags.boolean({ description: 'count all versions' }),
    rewind: Flags.string({ description: 'as it was at that time: 7d10h, 2026.01.31' }),
  };
  static override examples = [
    { description: 'Add up a bucket.', command: '<%= config.bin %> du local/photos' },
    { description: 'Show each folder at the top of a bucket.', command: '<%= config.bin %> du -d 2 local/photos' },
  ];

  async run(): Promise<void> {
    const { rewind, versions, recursive, depth } = this.flags;
    const rewindTo = rewind === undefined ? undefined : parseRewind(rewind, Date.now());
    const options: ListingOptions = { isRecursive: true, withVersions: versions, rewindTo, signal: this.signal };
    for (const target of await this.given(1)) {
      const place = this.place(target);
      try {
        if ((await kindOf(place, this.signal)) !== 'folder') {
          throw new Failure(`Source \`${target}\` is not a folder.`, new UsageError("Only folders are supported by 'du' command."));
        }
        await this.#sum(place, options, recursive ? Infinity : depth);
      } catch (error) {
        if (error instanceof Failure) throw error;
        this.itemFailed(`Failed to find disk usage of \`${target}\` recursively.`, error);
      }
    }
  }

  async #sum(place: Place, options: ListingOptions, depthMax: number): Promise<void> {
    const { sumFolders } = await loadDiskUsage();
    const inside = place.kind === 'remote' && place.key !== '' && !place.key.endsWith('/') ? { ...place, key: `${place.key}/` } : place;
    const top = place.kind === 'local' ? resolve(place.text).slice(1) : [place.bucket, place.key].filter(Boolean).join('/').replace(/\/$/, '');
    const word = this.flags.versions ? 'version' : 'object';
    for await (const { path, sizeBytes, count } of sumFolders(list(inside, options), depthMax)) {
      const prefix = [top, path].filter(Boolean).join('/');
      const line = `${formatTightSize(sizeBytes)}\t${count} ${word}${count === 1 ? '' : 's'}\t${prefix}`;
      this.say({ prefix, size: sizeBytes, objects: count, status: 'success', isVersions: this.flags.versions }, line);
      await this.outputReady();
    }
  }
}
