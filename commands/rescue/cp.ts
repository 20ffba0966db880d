import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { loadRescue, type CopyResult, type CopySink } from '../../src/offline/index.js';
import { EXIT, Failure, formatJsonTime, formatSize, plural, RescueCommand } from '../../src/view/index.js';

export default class RescueCp extends RescueCommand<typeof RescueCp> {
  static override summary = 'Copy objects off the drives of a dead server.';
  static override description = `Saves BUCKET/PREFIX (or everything, with /) into a folder or onto a server: of each key the newest version that can still be read. Every byte is checked
against its bitrot hash, every object against its ETag. Nothing is written to a drive that it reads.

Into a folder, a key becomes a file of its name with the object's time; run again, it goes on with what is not there yet. --json tells the metadata of each.
Onto a server (ALIAS, or ALIAS/BUCKET[/PREFIX]) metadata, tags and ETags are kept; buckets are made.
Objects that MinIO keeps encrypted need MINIO_KMS_SECRET_KEY as the server had it, or --enc-c; they are saved as their clients wrote them.

At night:
  1. What is left?      mts rescue scan /mnt/found{1...4}
  2. Get it out:        mts rescue cp /mnt/found{1...4} / /mnt/safe
  3. What was lost, in pieces:  mts rescue cp --partial /mnt/found{1...4} photos/album.tar /mnt/safe

Exit status: 0 all was saved, 1 something is lost or could not be stored, 130 interrupted.`;
  static override usage = 'rescue cp [FLAGS] DRIVE... BUCKET/PREFIX FOLDER|ALIAS[/BUCKET]';
  static override args = { drive: Args.string({ description: 'folders of the drives, then BUCKET/PREFIX or /, then where to', ignoreStdin: true }) };
  static override flags = {
    ...RescueCommand.keyFlags,
    versions: Flags.boolean({ description: 'every version that can be read; in a folder as KEY~TIME~ID' }),
    partial: Flags.boolean({ description: 'of what is lost, save the ranges that can be read, as KEY.partial; holes are zeros, listed in KEY.partial.holes' }),
  };
  static override examples = [
    { description: 'Everything into a folder.', command: '<%= config.bin %> rescue cp /mnt/found{1...4} / /mnt/safe' },
    { description: 'A bucket onto a new server, with all versions.', command: '<%= config.bin %> rescue cp --versions /mnt/a /mnt/b /mnt/c photos newminio/photos' },
  ];

  async run(): Promise<void> {
    const words = await this.given(3);
    const [drives, source, target] = [words.slice(0, -2), this.source(words.at(-2) ?? ''), words.at(-1) ?? ''];
    const { bucketsOf, contentKeysFrom, copyBucket, openRescue } = await loadRescue();
    const keysFor = contentKeysFrom(process.env, this.flags['enc-c']);
    const sink = await this.#sink(target, source.bucket === undefined);
    if (this.flags.partial && sink.writePartial === undefined) throw new UsageError('a server takes whole objects only', 'give a folder with --partial');
    const rescue = await openRescue(drives);
    const [counts, bytes] = [new Map<CopyResult['outcome'], number>(), { saved: 0 }];
    const startedMs = performance.now();
    try {
      for (const bucket of source.bucket === undefined ? await bucketsOf(rescue) : [source.bucket]) {
        const onFailure = (path: string, error: unknown): void => this.itemFailed(`A folder on \`${path}\` cannot be listed any further; its objects are asked for by the names that other drives show.`, error);
        const options = { prefix: source.prefix, allVersions: this.flags.versions, isPartial: this.flags.partial, sink, keysFor, signal: this.signal, onFailure };
        for await (const result of copyBucket(rescue, bucket, options)) {
          counts.set(result.outcome, (counts.get(result.outcome) ?? 0) + 1);
          if (['copied', 'older', 'present'].includes(result.outcome)) bytes.saved += result.size;
          this.#show(result);
          await this.outputReady();
        }
      }
    } finally {
      await rescue.close();
    }
    this.#summarize(counts, bytes.saved, (performance.now() - startedMs) / 1000);
  }

  async #sink(text: string, withBucket: boolean): Promise<CopySink> {
    const { folderSink, serverSink } = await loadRescue();
    const place = this.place(text);
    if (place.kind === 'local') return folderSink({ folder: place.text, withBucket });
    if (withBucket && place.bucket !== '') throw new UsageError('several buckets do not go into one', `give ${place.alias} alone, or name one bucket as the source`);
    return serverSink(place);
  }

  #show(result: CopyResult): void {
    const { bucket, key, versionId, outcome, size, modTime, etag, metaUser, target, holes, why } = result;
    const name = `${bucket}/${key}${versionId === '' || versionId === 'null' ? '' : ` version ${versionId}`}`;
    if (this.flags.json) {
      this.say({ status: outcome === 'lost' || outcome === 'failed' ? 'error' : 'success', type: 'version', bucket, key, versionId, outcome, size, lastModified: formatJsonTime(modTime), etag, metadata: Object.fromEntries(metaUser), target, holes, why }, undefined);
      return;
    }
    switch (outcome) {
      case 'copied':
        return this.print(`\`${name}\` -> \`${target}\``);
      case 'marker':
        return this.print(`\`${name}\` deleted in \`${target}\``);
      case 'older':
        return this.print(`${this.paint.size('OLDER')} \`${name}\` -> \`${target}\`: ${why}`);
      case 'partial':
        return this.print(`${this.paint.bad('PARTIAL')} \`${name}\` -> \`${target}\`: ${plural(holes.length, 'hole')}, ${formatSize(holes.reduce((sum, { length }) => sum + length, 0))} of ${formatSize(size)} missing`);
      case 'present':
        return;
      default:
        return this.print(`${this.paint.bad(outcome.toUpperCase())} \`${name}\`: ${why}`);
    }
  }

  #summarize(counts: ReadonlyMap<CopyResult['outcome'], number>, savedBytes: number, seconds: number): void {
    const count = (outcome: CopyResult['outcome']): number => counts.get(outcome) ?? 0;
    const [copied, present, older, partial, lost, failed] = [count('copied'), count('present'), count('older'), count('partial'), count('lost'), count('failed')];
    if (lost + failed + older + partial > 0) process.exitCode = EXIT.failed;
    const parts = [
      `${copied + older} saved`,
      present > 0 ? `${present} were there already` : '',
      older > 0 ? `${older} of them in an older version` : '',
      partial > 0 ? `${partial} in part` : '',
      lost > 0 ? this.paint.bad(`${lost} lost`) : '',
      failed > 0 ? this.paint.bad(`${failed} could not be stored`) : '',
    ].filter((text) => text !== '');
    const rate = seconds > 0 ? `, ${Math.round((copied + older + present) / seconds)} objects/s, ${formatSize(savedBytes / seconds)}/s` : '';
    this.say({ status: 'success', type: 'summary', copied, present, older, partial, lost, failed, deleteMarkers: count('marker'), savedBytes, seconds }, `${parts.join(', ')}; ${formatSize(savedBytes)}${rate}.`);
    if (copied + present + older + partial + lost + failed === 0) throw new Failure('Nothing was saved.', new Error('no drive holds an object of that name'));
  }
}
