/**
 * What `cp`, `mv`, `put`, `get` and `mirror` share: their flags, the reading of these, and how a run shows itself.
 */
import { Flags, type Command } from '@oclif/core';
import { UsageError } from '../base/index.js';
import {
  loadTransfers, parseAgeMs, parseRewind, type CopyItem, type RunOptions, type TransferContext, type TransferListener, type TransferTotals,
} from '../client/index.js';
import { MtsCommand } from './command.js';
import { Failure } from './failure.js';
import type { ProgressDisplay } from './progress.js';
import { transferLine, transferTable, transferTotalsJson } from './transfer.js';

export const writeFlags = {
  attr: Flags.string({ description: 'metadata for the new objects: "Cache-Control=max-age=90;artist=Unknown"' }),
  'storage-class': Flags.string({ aliases: ['sc'], description: 'storage class of the new objects' }),
  checksum: Flags.string({ description: 'checksum to send along: CRC64NVME, CRC32, CRC32C, SHA1, SHA256 or MD5' }),
  'disable-multipart': Flags.boolean({ description: 'send each object in one piece, whatever its size' }),
};

export const ageFlags = {
  'older-than': Flags.string({ description: 'only what is older than this: 7d10h31s' }),
  'newer-than': Flags.string({ description: 'only what is newer than this: 7d10h31s' }),
};

/** Of everything that copies many things. */
export const bulkFlags = {
  ...writeFlags,
  ...ageFlags,
  preserve: Flags.boolean({ char: 'a', description: 'keep mode, owner and times of files with the objects, and give them back' }),
  'max-workers': Flags.integer({ min: 0, description: 'objects under way at the same time [default: 8]' }),
};

export const copyFlags = {
  ...bulkFlags,
  recursive: Flags.boolean({ char: 'r', description: 'all that is under a folder or prefix' }),
  tags: Flags.string({ description: 'tags for the new objects: "key=value&key2=value2"' }),
};

/** The values of those flags, as a command that has some of them holds them. */
interface TransferFlags {
  readonly attr?: string | undefined;
  readonly tags?: string | undefined;
  readonly checksum?: string | undefined;
  readonly 'storage-class'?: string | undefined;
  readonly 'disable-multipart'?: boolean;
  readonly preserve?: boolean;
  readonly 'max-workers'?: number | undefined;
  readonly 'limit-upload'?: string | undefined;
  readonly 'limit-download'?: string | undefined;
}

/** Where and how a run's results go. */
export interface RunView {
  readonly failureWords: (source: string) => string;
  /** No line per object, only the totals. */
  readonly isSummary: boolean;
  /** Mirrors always end with the table and have more fields; copies have the table only where there was no progress bar. */
  readonly isMirror: boolean;
}

export abstract class TransferCommand<T extends typeof Command> extends MtsCommand<T> {
  /** `--older-than` and `--newer-than` as points in time. */
  protected ages(flags: { readonly 'older-than'?: string | undefined; readonly 'newer-than'?: string | undefined }): {
    beforeMs: number | undefined;
    afterMs: number | undefined;
  } {
    const [older, newer] = [flags['older-than'], flags['newer-than']];
    return {
      beforeMs: older === undefined ? undefined : Date.now() - parseAgeMs(older, '--older-than'),
      afterMs: newer === undefined ? undefined : Date.now() - parseAgeMs(newer, '--newer-than'),
    };
  }

  protected rewindMs(text: string | undefined): number | undefined {
    return text === undefined ? undefined : parseRewind(text, Date.now()).getTime();
  }

  protected async runOptions(flags: TransferFlags, isMove: boolean): Promise<RunOptions> {
    const { parseAttributes, parseTags } = await loadTransfers();
    return {
      metadata: parseAttributes(flags.attr),
      tags: parseTags(flags.tags),
      storageClass: flags['storage-class'],
      isPreserving: flags.preserve ?? false,
      itemParallel: flags['max-workers'],
      isMove,
    };
  }

  protected async context(flags: TransferFlags, parts: Partial<Pick<TransferContext, 'partSizeBytes' | 'partParallel'>> = {}): Promise<Omit<TransferContext, 'onBytes'>> {
    const { parseChecksum, parseRateLimit, transferContext } = await loadTransfers();
    return transferContext(this.session.aliases.dir, this.signal, {
      isMultipartDisabled: flags['disable-multipart'] ?? false,
      checksum: parseChecksum(flags.checksum),
      uploadLimit: parseRateLimit(flags['limit-upload'], '--limit-upload'),
      downloadLimit: parseRateLimit(flags['limit-download'], '--limit-download'),
      ...parts,
    });
  }

  /** Lets `task` finish its clean-up after Ctrl-C before the process ends. */
  protected async untilDone<R>(task: Promise<R>): Promise<R> {
    const forget = this.onInterrupt(() => task.then(() => undefined, () => undefined));
    try {
      return await task;
    } finally {
      forget();
    }
  }

  /** Copies the items and shows it; `cp`, `mv`, `put` and `get` are this and a plan. */
  protected async copyAll(items: AsyncIterable<CopyItem>, options: RunOptions, context: Omit<TransferContext, 'onBytes'>, view: RunView): Promise<void> {
    const { runTransfers } = await loadTransfers();
    const display = await this.openDisplay(view);
    let totals: TransferTotals;
    try {
      totals = await this.untilDone(runTransfers(items, options, context, display.listener));
    } catch (error) {
      throw new Failure('Unable to prepare URL for copying.', error);
    } finally {
      display.close();
    }
    await display.summarize(totals);
  }

  /** Lines, bar and totals of a run, in the form that flags and terminal ask for. */
  protected async openDisplay(view: RunView): Promise<{
    listener: TransferListener;
    close(): void;
    summarize(totals: TransferTotals): Promise<void>;
  }> {
    const { placeName, sourceName } = await loadTransfers();
    const startMs = performance.now();
    const hasBar = this.terminal.isTty && !this.flags.quiet && !this.flags.json;
    const bar = hasBar ? await openProgress() : undefined;
    let caption = '';
    const show = (totals: TransferTotals): void => bar?.update({ caption, ...totals });
    return {
      listener: {
        onStart: (item, totals) => {
          const [source, target] = [sourceName(item.source), placeName(item.target)];
          caption = source;
          show(totals);
          if (hasBar || view.isSummary) return;
          this.say(
            { status: 'success', source, target, size: item.sizeBytes, totalCount: totals.itemCount, ...(view.isMirror ? { totalSize: totals.sizeBytes, eventTime: '', eventType: '' } : { totalSize: 0 }) },
            transferLine(source, target),
          );
          this.flushOutput();
        },
        onBytes: show,
        onFailed: (item, error) => this.itemFailed(view.failureWords(sourceName(item.source)), error),
      },
      close: () => bar?.close(),
      summarize: async (totals) => {
        const summary = { ...totals, elapsedMs: performance.now() - startMs };
        if (this.flags.json) this.say(transferTotalsJson(summary), undefined);
        else if (!hasBar || view.isMirror) this.print(await transferTable(summary));
      },
    };
  }

  /** Moving something into itself would remove it. */
  protected refuseNesting(source: string, target: string): void {
    const [from, to] = [`${source.replace(/\/+$/, '')}/`, `${target.replace(/\/+$/, '')}/`];
    if (from.startsWith(to) || to.startsWith(from)) {
      throw new UsageError(`The source ${source} and destination ${target} cannot be subdirectories of each other`);
    }
  }
}

/** Loaded only for people who look on. */
async function openProgress(): Promise<ProgressDisplay> {
  const progress = await import('./progress.js');
  return new progress.ProgressDisplay(process.stdout);
}
