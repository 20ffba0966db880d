import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { kindOf, list, parseRewind, type Listed, type Place } from '../src/client/index.js';
import { EXIT_HELP, Failure, listingObject, MtsCommand, placeUrl, targetArguments } from '../src/view/index.js';

export default class Tree extends MtsCommand<typeof Tree> {
  static override summary = 'Draw folders as a tree.';
  static override description = EXIT_HELP;
  static override args = targetArguments;
  static override flags = {
    files: Flags.boolean({ char: 'f', description: 'draw objects and files too' }),
    depth: Flags.integer({ char: 'd', description: 'draw that many levels below the first', min: 1 }),
    rewind: Flags.string({ description: 'as it was at that time: 7d10h, 2026.01.31' }),
  };
  static override examples = [
    { description: 'Draw the folders of a bucket.', command: '<%= config.bin %> tree local/photos' },
    { description: 'Draw two levels of a server, with objects.', command: '<%= config.bin %> tree -f -d 1 local' },
  ];

  async run(): Promise<void> {
    for (const target of await this.given(1)) {
      try {
        const place = await this.#asFolder(this.place(target));
        if (this.flags.json) await this.#sayAll(place);
        else {
          this.print(target);
          await this.#draw(place, '', this.flags.depth ?? Infinity);
        }
      } catch (error) {
        throw error instanceof Failure ? error : new Failure(`Unable to tree \`${target}\`.`, error);
      }
    }
  }

  get #rewindTo(): Date | undefined {
    return this.flags.rewind === undefined ? undefined : parseRewind(this.flags.rewind, Date.now());
  }

  async #asFolder(place: Place): Promise<Place> {
    if ((await kindOf(place, this.signal)) !== 'folder') throw new Failure(`Unable to tree \`${place.text}\`.`, new Error('It is not a folder'));
    return place.kind === 'remote' && place.key !== '' && !place.key.endsWith('/') ? { ...place, key: `${place.key}/` } : place;
  }

  async #sayAll(place: Place): Promise<void> {
    for await (const entry of list(place, { isRecursive: true, rewindTo: this.#rewindTo, signal: this.signal })) {
      this.say(listingObject(entry, placeUrl(place, resolve)), undefined);
      await this.outputReady();
    }
  }

  async #draw(place: Place, indent: string, depth: number): Promise<void> {
    const entries: Listed[] = [];
    for await (const entry of list(place, { rewindTo: this.#rewindTo, signal: this.signal })) {
      if (entry.type === 'folder' || this.flags.files) entries.push(entry);
    }
    for (const [index, entry] of entries.entries()) {
      const isLast = index === entries.length - 1;
      const name = entry.name.replace(/\/$/, '');
      this.print(`${indent}${isLast ? '└─ ' : '├─ '}${entry.type === 'folder' ? this.paint.folder(name) : name}`);
      await this.outputReady();
      if (entry.type === 'folder' && depth > 0) await this.#draw(below(place, entry), indent + (isLast ? '   ' : '│  '), depth - 1);
    }
  }
}

function below(place: Place, entry: Listed): Place {
  if (place.kind === 'local') return { ...place, text: entry.key };
  return place.bucket === '' ? { ...place, bucket: entry.bucket } : { ...place, key: entry.key };
}
