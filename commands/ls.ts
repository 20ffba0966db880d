import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { kindOf, list, parseRewind, type ListingOptions, type Place } from '../src/client/index.js';
import { EXIT_HELP, formatSize, listingLine, listingObject, MtsCommand, placeUrl, targetArguments } from '../src/view/index.js';

export default class Ls extends MtsCommand<typeof Ls> {
  static override summary = 'List buckets, objects and local files.';
  static override description = `Without a slash at its end a target lists everything whose name starts with it. ${EXIT_HELP}`;
  static override hiddenAliases = ['list'];
  static override args = targetArguments;
  static override flags = {
    recursive: Flags.boolean({ char: 'r', description: 'list all levels' }),
    versions: Flags.boolean({ description: 'list all versions and delete markers' }),
    rewind: Flags.string({ description: 'list as it was at that time: 7d10h, 2026.01.31, 2026.01.31T15:04:05' }),
    incomplete: Flags.boolean({ char: 'I', description: 'list unfinished uploads' }),
    summarize: Flags.boolean({ description: 'end with the number of objects and their size' }),
    'storage-class': Flags.string({ aliases: ['sc'], description: 'list only objects of this storage class' }),
  };
  static override examples = [
    { description: 'List the buckets of a server.', command: '<%= config.bin %> ls local' },
    { description: 'List a bucket with all folders, and count.', command: '<%= config.bin %> ls -r --summarize local/photos' },
    { description: 'List what a prefix held an hour ago.', command: '<%= config.bin %> ls --rewind 1h local/photos/2026/' },
  ];

  async run(): Promise<void> {
    const { recursive, versions, rewind, incomplete } = this.flags;
    const targets = await this.given(0);
    const rewindTo = rewind === undefined ? undefined : parseRewind(rewind, Date.now());
    const options: ListingOptions = { isRecursive: recursive, withVersions: versions, rewindTo, incomplete, signal: this.signal };
    for (const target of targets.length === 0 ? ['.'] : targets) {
      try {
        await this.#listPlace(await this.#asFolder(this.place(target)), options);
      } catch (error) {
        this.itemFailed('Unable to list folder.', error);
      }
    }
  }

  /** A target that is a folder is listed from within, also where its slash was left out. */
  async #asFolder(place: Place): Promise<Place> {
    if (place.text.endsWith('/')) return place;
    if (place.kind === 'remote' && place.key === '') return place.bucket === '' ? place : { ...place, text: `${place.text}/` };
    if ((await kindOf(place, this.signal)) !== 'folder') return place;
    return place.kind === 'local' ? { ...place, text: `${place.text}/` } : { ...place, text: `${place.text}/`, key: `${place.key}/` };
  }

  async #listPlace(place: Place, options: ListingOptions): Promise<void> {
    const wanted = this.flags['storage-class'];
    const url = placeUrl(place, resolve);
    let [totalObjects, totalSize] = [0, 0];
    for await (const entry of list(place, options)) {
      if (wanted !== undefined && entry.storageClass !== '' && entry.storageClass !== wanted) continue;
      totalObjects += 1;
      totalSize += entry.sizeBytes;
      this.say(listingObject(entry, url), this.flags.json ? undefined : listingLine(entry, this.paint));
      await this.outputReady();
    }
    if (this.flags.summarize) {
      this.say({ totalObjects, totalSize }, `\nTotal Size: ${formatSize(totalSize)}\nTotal Objects: ${totalObjects}`);
    }
  }
}
