import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { kindOf, list, loadDiskUsage, parseRewind, type Listed, type ListingOptions, type Place, type RemotePlace, type Usage } from '../src/client/index.js';
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
        const depthMax = recursive ? Infinity : depth;
        if (place.kind === 'remote' && place.bucket === '') await this.#sumServer(place, options, depthMax);
        else await this.#sum(place, options, depthMax);
      } catch (error) {
        if (error instanceof Failure) throw error;
        this.itemFailed(`Failed to find disk usage of \`${target}\` recursively.`, error);
      }
    }
  }

  /** A server's sum is that of its buckets; each is a level of its own, also when it is empty. */
  async #sumServer(place: RemotePlace, options: ListingOptions, depthMax: number): Promise<void> {
    let [sizeBytes, count] = [0, 0];
    for (const { name } of await place.s3.listBuckets(this.signal)) {
      const total = await this.#sum({ ...place, bucket: name }, options, depthMax - 1);
      sizeBytes += total.sizeBytes;
      count += total.count;
    }
    this.#show('', { path: '', sizeBytes, count });
  }

  /** Shows each folder down to the depth (none at depth 0) and gives the sum. */
  async #sum(place: Place, options: ListingOptions, depthMax: number): Promise<Usage> {
    const { sumFolders } = await loadDiskUsage();
    const inside = place.kind === 'remote' && place.key !== '' && !place.key.endsWith('/') ? { ...place, key: `${place.key}/` } : place;
    const top = place.kind === 'local' ? place.text : [place.bucket, place.key].filter(Boolean).join('/');
    let total: Usage = { path: '', sizeBytes: 0, count: 0 };
    for await (const usage of sumFolders(withoutMarkers(list(inside, options)), Math.max(depthMax, 1))) {
      total = usage;
      if (depthMax > 0) this.#show(top.replace(/^\/+|\/+$/g, ''), usage);
      await this.outputReady();
    }
    return total;
  }

  #show(top: string, { path, sizeBytes, count }: Usage): void {
    const isVersions = this.flags.versions;
    const prefix = [top, path].filter(Boolean).join('/');
    const word = `${isVersions ? 'version' : 'object'}${count === 1 ? '' : 's'}`;
    this.say({ prefix, size: sizeBytes, objects: count, status: 'success', isVersions }, `${formatTightSize(sizeBytes)}\t${count} ${word}\t${prefix}`);
  }
}

/** Delete markers are versions, but take no room. */
async function* withoutMarkers(entries: AsyncIterable<Listed>): AsyncGenerator<Listed> {
  for await (const entry of entries) if (entry.isDeleteMarker !== true) yield entry;
}
