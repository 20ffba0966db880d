import { posix, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { kindOf, list, loadFind, parseAgeMs, parseSize, type Found, type Listed, type Place } from '../src/client/index.js';
import { EXIT, EXIT_HELP, Failure, formatJsonTime, formatSize, formatTime, MtsCommand, targetArguments } from '../src/view/index.js';

/** Links made by {url} live as long as S3 allows. */
const URL_EXPIRY_SECONDS = 604_800;

export default class Find extends MtsCommand<typeof Find> {
  static override summary = 'Find objects and files by name, size, age, metadata and tags.';
  static override description = `Patterns know * (any text, slashes too) and ?. In --exec and --print, {} is the key, {base} its last element, {dir} its folder; also {size}, {time}, {version}, {url} (a link without keys). ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    name: Flags.string({ description: 'pattern for the last element of the name' }),
    path: Flags.string({ description: 'pattern for the whole name, alias included' }),
    regex: Flags.string({ description: 'regular expression found in the whole name' }),
    ignore: Flags.string({ description: 'pattern for whole names to leave out' }),
    larger: Flags.string({ description: 'larger than this size, e.g. 64MiB' }),
    smaller: Flags.string({ description: 'smaller than this size' }),
    'older-than': Flags.string({ description: 'changed longer ago than e.g. 7d10h' }),
    'newer-than': Flags.string({ description: 'changed later than e.g. 7d10h ago' }),
    maxdepth: Flags.integer({ description: "cut names to that many elements, the target's own last one counted", min: 0 }),
    versions: Flags.boolean({ description: 'find all versions' }),
    metadata: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'key=regex that the metadata must fit' }),
    tags: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'key=regex that a tag must fit' }),
    exec: Flags.string({ description: 'run this command for each (not through a shell)' }),
    print: Flags.string({ description: 'print this for each' }),
  };
  static override examples = [
    { description: 'Find large videos.', command: "<%= config.bin %> find local/media --name '*.mp4' --larger 1GiB" },
    { description: 'Fetch what came in since yesterday.', command: "<%= config.bin %> find local/inbox --newer-than 1d --exec 'mts cp {} /tmp/inbox/'" },
  ];

  async run(): Promise<void> {
    const [target = ''] = await this.given(1, 1);
    const place = this.place(target);
    const { makeFilter, makePairTests, withDetails } = await loadFind();
    const { flags } = this;
    const ago = (text: string | undefined, flag: string): Date | undefined => (text === undefined ? undefined : new Date(Date.now() - parseAgeMs(text, flag)));
    const fits = makeFilter({
      name: flags.name, path: flags.path, ignore: flags.ignore, regex: flags.regex,
      largerThan: flags.larger === undefined ? undefined : parseSize(flags.larger, '--larger'),
      smallerThan: flags.smaller === undefined ? undefined : parseSize(flags.smaller, '--smaller'),
      before: ago(flags['older-than'], '--older-than'),
      after: ago(flags['newer-than'], '--newer-than'),
    });
    const [metadata, tags] = [makePairTests(flags.metadata ?? [], '--metadata'), makePairTests(flags.tags ?? [], '--tags')];
    try {
      await this.#check(place);
      const found = this.#walk(place, fits);
      const isDetailed = metadata.size + tags.size > 0;
      for await (const item of isDetailed && place.kind === 'remote' ? withDetails(found, place, { metadata, tags }) : found) await this.#show(item, place);
    } catch (error) {
      throw error instanceof Failure ? error : new Failure('Unable to find.', error);
    }
  }

  async #check(place: Place): Promise<void> {
    const kind = await kindOf(place, this.signal).catch((error: unknown) => {
      throw new Failure(`Unable to stat \`${place.text}\`.`, error);
    });
    if (kind === 'nothing') throw new Failure(`Unable to stat \`${place.text}\`.`, new Error('Object does not exist'));
  }

  async *#walk(place: Place, fits: (key: string, entry: Listed) => boolean): AsyncGenerator<Found> {
    const { maxdepth, versions } = this.flags;
    const top = place.kind === 'local' ? resolve(place.text) : place.text.replace(/\/+$/, '');
    const isFile = (await kindOf(place, this.signal)) === 'file';
    const inside = place.kind === 'remote' && place.key !== '' && !isFile && !place.key.endsWith('/') ? { ...place, key: `${place.key}/` } : place;
    let last = '';
    for await (const entry of list(inside, { isRecursive: true, withVersions: versions, withFolders: true, signal: this.signal })) {
      const full = isFile ? top : `${top}/${entry.name.replace(/\/$/, '')}`;
      if (isFile && entry.name !== posix.basename(top)) break;
      if (!fits(full, entry)) continue;
      const key = maxdepth === undefined ? full : cut(full, top, maxdepth);
      if (maxdepth !== undefined && key === last) continue;
      last = key;
      yield { key, entry };
    }
  }

  async #show(item: Found, place: Place): Promise<void> {
    const { key, entry, metadata, tags } = item;
    const { exec, print, versions } = this.flags;
    if (exec !== undefined || print !== undefined) {
      const { expandFormat, runCommand, splitCommand } = await loadFind();
      const values = {
        '': key, base: posix.basename(key), dir: posix.dirname(key), size: formatSize(entry.sizeBytes),
        time: formatTime(entry.modifiedAt ?? new Date(0)), version: entry.versionId ?? '',
        get url() {
          return place.kind === 'local' ? entry.key : place.s3.presign('GET', entry.bucket, entry.key, URL_EXPIRY_SECONDS, { versionId: entry.versionId });
        },
      };
      if (exec !== undefined) {
        this.flushOutput();
        const code = await runCommand(splitCommand(exec).map((word) => expandFormat(word, values)));
        if (code !== EXIT.ok) throw new Failure(`\`${exec}\` failed for \`${key}\` with exit code ${code}.`);
      } else {
        this.print(expandFormat(print ?? '', values));
      }
      return;
    }
    const object = {
      status: 'success', type: '', lastModified: formatJsonTime(entry.modifiedAt ?? new Date(0)), size: entry.sizeBytes, key, etag: '',
      ...(entry.versionId === undefined ? {} : { versionId: entry.versionId }),
      ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
      ...(tags === undefined || Object.keys(tags).length === 0 ? {} : { tags }),
    };
    this.say(object, versions && entry.versionId !== undefined ? `${key} (${entry.versionId})` : key);
    await this.outputReady();
  }
}

/** The name with at most `depth` elements, the last one of the top counted; what is deeper shows as its folder. */
function cut(full: string, top: string, depth: number): string {
  const below = full.slice(top.length + 1).split('/');
  if (depth === 0 || below.length < depth) return full;
  return [top, ...below.slice(0, depth - 1), ''].join('/');
}
