import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import {
  loadMirror, loadTransfers, type CopyItem, type MirrorListener, type MirrorRunOptions, type Place, type TransferContext, type TransferTotals,
} from '../src/client/index.js';
import { bulkFlags, EXIT_HELP, Failure, formatSize, transferLine, TransferCommand } from '../src/view/index.js';

export default class Mirror extends TransferCommand<typeof Mirror> {
  static override summary = 'make one folder or bucket like another';
  static override description = `Copies what the target lacks. What differs is replaced only with --overwrite, what the source lacks is removed only with --remove.
Between two aliases, all buckets are mirrored and missing ones created. ${EXIT_HELP}`;
  static override usage = 'mirror [FLAGS] SOURCE TARGET';
  static override examples = [
    '<%= config.bin %> mirror ./photos local/album',
    '<%= config.bin %> mirror --overwrite --remove local/album other/album',
    '<%= config.bin %> mirror -w --exclude "*.tmp" ./photos local/album',
  ];
  static override flags = {
    ...bulkFlags,
    overwrite: Flags.boolean({ description: 'replace what differs' }),
    remove: Flags.boolean({ description: 'remove what the source does not have' }),
    watch: Flags.boolean({ char: 'w', description: 'go on mirroring changes until Ctrl-C' }),
    'dry-run': Flags.boolean({ description: 'change nothing, only add up' }),
    exclude: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'leave out names that match: "*.tmp"' }),
    'exclude-bucket': Flags.string({ multiple: true, multipleNonGreedy: true, description: 'leave out buckets that match' }),
    'exclude-storageclass': Flags.string({ multiple: true, multipleNonGreedy: true, description: 'leave out objects of this storage class' }),
    'skip-errors': Flags.boolean({ description: 'go on after an object failed' }),
    retry: Flags.boolean({ description: 'try failing requests many more times' }),
    summary: Flags.boolean({ description: 'print the totals only' }),
    region: Flags.string({ default: 'us-east-1', description: 'region of buckets that are created' }),
  };

  async run(): Promise<void> {
    const [from = '', to = ''] = await this.given(2, 2);
    const [source, target] = [asFolder(this.place(from)), asFolder(this.place(to))];
    await this.#checkSource(source, from);
    const options = await this.#options();
    const context = await this.context(this.flags);
    const retrying = this.flags.retry ? { ...context, retry: { ...context.retry, retryCountMax: 20 } } : context;
    await this.#makeBuckets(source, target, options);
    if (this.flags.watch) await this.#watch(source, target, options, retrying);
    else await this.#mirror(source, target, options, retrying);
  }

  async #options(): Promise<MirrorRunOptions> {
    const { flags } = this;
    return {
      transfer: await this.runOptions(flags, false),
      isOverwriting: flags.overwrite,
      isRemoving: flags.remove,
      isDryRun: flags['dry-run'],
      isSkippingErrors: flags['skip-errors'],
      exclude: flags.exclude ?? [],
      excludeBuckets: flags['exclude-bucket'] ?? [],
      excludeStorageClasses: flags['exclude-storageclass'] ?? [],
      ...this.ages(flags),
      signal: this.signal,
    };
  }

  async #checkSource(source: Place, text: string): Promise<void> {
    const missing = (why: Error): Failure => new Failure(`Unable to stat source \`${text}\`.`, why);
    if (source.kind === 'local') {
      const stats = await stat(resolve(text)).catch((error: unknown) => {
        throw missing(error as Error);
      });
      if (!stats.isDirectory()) throw new UsageError(`Source \`${text}\` is not a folder.`, 'Only folders are supported by mirror command.');
      return;
    }
    if (source.bucket === '') return;
    try {
      const page = await source.s3.listObjects(source.bucket, { prefix: source.key, maxKeys: 1, signal: this.signal });
      if (source.key !== '' && page.entries.length === 0) throw new UsageError('Object does not exist.');
    } catch (error) {
      throw missing(error as Error);
    }
  }

  async #makeBuckets(source: Place, target: Place, options: MirrorRunOptions): Promise<void> {
    if (target.kind === 'local' || target.bucket !== '' || options.isDryRun) return;
    const { mirrorBuckets } = await loadMirror();
    const { placeInside, placeName } = await loadTransfers();
    for await (const { name } of mirrorBuckets(source, target, options, this.flags.region)) {
      const names = [placeInside(source, name), placeInside(target, name)].map((place) => placeName(place).replace(/\/$/, '')) as [string, string];
      if (!this.flags.summary) this.say({ status: 'success', source: names[0], target: names[1], size: 0, totalCount: 0, totalSize: 0, eventTime: '', eventType: '' }, transferLine(...names));
    }
  }

  async #mirror(source: Place, target: Place, options: MirrorRunOptions, context: Omit<TransferContext, 'onBytes'>): Promise<void> {
    const { runMirror } = await loadMirror();
    const display = await this.openDisplay({
      failureWords: (name) => `Failed to copy \`${name}\`.`,
      isSummary: this.flags.summary || this.flags['dry-run'],
      isMirror: true,
    });
    let totals: TransferTotals;
    try {
      totals = await this.untilDone(runMirror(source, target, options, context, { ...display.listener, ...(await this.#removalWords(false)) }));
    } catch (error) {
      throw new Failure('Failed to perform mirroring.', error);
    } finally {
      display.close();
    }
    await display.summarize(totals);
  }

  async #removalWords(isWatching: boolean): Promise<Pick<MirrorListener, 'onRemove' | 'onRemoveFailed' | 'onConflict'>> {
    const { placeName } = await loadTransfers();
    return {
      onRemove: (place, totals) => {
        if (this.flags.summary || this.flags['dry-run']) return;
        const name = placeName(place);
        const line = isWatching ? `${stamp()} Removed \`${name}\`` : transferLine('', name);
        this.say({ status: 'success', source: '', target: name, size: 0, totalCount: totals.itemCount, totalSize: totals.sizeBytes, ...this.#event(isWatching, 's3:ObjectRemoved:Delete') }, line);
        this.flushOutput();
      },
      onRemoveFailed: (place, error) => this.itemFailed(`Failed to remove \`${placeName(place)}\`.`, error),
      onConflict: (place, reason) => this.#conflict(placeName(place), reason),
    };
  }

  /** Told, but no failure: whoever mirrors without --overwrite wants old objects kept. */
  #conflict(name: string, reason: 'size' | 'newer'): void {
    const exitCode = process.exitCode;
    this.itemFailed(
      `Failed to perform mirroring, with error condition (${reason}).`,
      new Error(`Overwrite not allowed for \`${name}\`. Use \`--overwrite\` to override this behavior.`),
    );
    process.exitCode = exitCode;
  }

  #event(isWatching: boolean, type: string): { eventTime: string; eventType: string } {
    return isWatching ? { eventTime: new Date().toISOString(), eventType: type } : { eventTime: '', eventType: '' };
  }

  async #watch(source: Place, target: Place, options: MirrorRunOptions, context: Omit<TransferContext, 'onBytes'>): Promise<void> {
    const { watchMirror } = await loadMirror();
    const { placeName, sourceName } = await loadTransfers();
    const listener: MirrorListener = {
      onStart: (item: CopyItem, totals) => {
        const [name, to] = [sourceName(item.source), placeName(item.target)];
        this.say(
          { status: 'success', source: name, target: to, size: item.sizeBytes, totalCount: totals.itemCount, totalSize: totals.sizeBytes, ...this.#event(true, 's3:ObjectCreated:Put') },
          `${stamp()} ${formatSize(item.sizeBytes).padStart(6)} ${transferLine(name, to)}`,
        );
        this.flushOutput();
      },
      onBytes: () => {},
      onFailed: (item, error) => this.itemFailed(`Failed to copy \`${sourceName(item.source)}\`.`, error),
      ...(await this.#removalWords(true)),
    };
    try {
      await this.untilDone(watchMirror(source, target, { ...options, isSkippingErrors: true }, context, listener));
    } catch (error) {
      throw new Failure('Failed to perform mirroring.', error);
    }
  }
}

const stamp = (): string => `[${new Date().toISOString()}]`;

/** Mirroring is always of what is inside. */
function asFolder(place: Place): Place {
  return place.text.endsWith('/') ? place : place.kind === 'local' ? { ...place, text: `${place.text}/` } : { ...place, text: `${place.text}/`, key: place.key === '' ? '' : `${place.key}/` };
}
