import { resolve } from 'node:path';
import { UsageError } from '../src/base/index.js';
import { kindOf, list, loadCompare, type Listed, type Place } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, targetArguments } from '../src/view/index.js';

export default class Diff extends MtsCommand<typeof Diff> {
  static override summary = 'List what differs between two folders, by name, size and time.';
  static override description = `\`<\` is only in the first, \`>\` only in the second, \`!\` differs in size or is newer in the first. Contents are not compared.
Differences are no failure. ${EXIT_HELP}`;
  static override args = { first: targetArguments.target, second: targetArguments.target };
  static override examples = [
    { description: 'Compare a folder with a bucket.', command: '<%= config.bin %> diff ./photos local/photos' },
  ];

  async run(): Promise<void> {
    const [first = '', second = ''] = await this.given(2, 2);
    const places = [await this.#folder(first), await this.#folder(second)] as const;
    const { compareListings, DIFFERENCE } = await loadCompare();
    const options = { isRecursive: true, signal: this.signal };
    try {
      for await (const { first: a, second: b, code } of compareListings(list(places[0], options), list(places[1], options))) {
        const [firstUrl, secondUrl] = [a === undefined ? '' : urlOf(places[0], a), b === undefined ? '' : urlOf(places[1], b)];
        const sign = code === DIFFERENCE.onlyFirst ? this.paint.bad('<') : code === DIFFERENCE.onlySecond ? this.paint.good('>') : this.paint.time('!');
        this.say({ status: 'success', first: firstUrl, second: secondUrl, diff: code }, `${sign} ${secondUrl || firstUrl}`);
        await this.outputReady();
      }
    } catch (error) {
      throw new Failure('Unable to compare.', error);
    }
  }

  async #folder(target: string): Promise<Place> {
    const place = this.place(target);
    const kind = await kindOf(place, this.signal).catch((error: unknown) => {
      throw new Failure(`Unable to stat '${target}'.`, error);
    });
    if (kind === 'nothing') throw new Failure(`Unable to stat '${target}'.`, new Error(place.kind === 'local' ? `Requested path \`${resolve(target)}\` not found` : 'Object does not exist'));
    if (kind === 'file') throw new UsageError(`\`${target}\` is not a folder.`);
    return place.kind === 'remote' && place.key !== '' && !place.key.endsWith('/') ? { ...place, key: `${place.key}/` } : place;
  }
}

function urlOf(place: Place, entry: Listed): string {
  return place.kind === 'local' ? entry.key : place.s3.plainUrl(entry.bucket, entry.key);
}
