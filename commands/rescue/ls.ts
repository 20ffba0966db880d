import { Args, Flags } from '@oclif/core';
import { loadRescue, type ObjectVersion, type RescuedKey } from '../../src/offline/index.js';
import { EXIT_HELP, formatJsonTime, formatListingSize, formatTime, RescueCommand } from '../../src/view/index.js';

export default class RescueLs extends RescueCommand<typeof RescueLs> {
  static override summary = 'List what the drives of a dead server hold.';
  static override description = `Buckets, or with BUCKET[/PREFIX] (or / for everything) the objects whose names begin with it, each with its state: whole, degraded, lost.
Nothing is written to a drive. ${EXIT_HELP}`;
  static override args = { drive: Args.string({ description: 'folders of the drives, then BUCKET[/PREFIX]', ignoreStdin: true }) };
  static override flags = { versions: Flags.boolean({ description: 'every version, delete marker and leftover' }) };
  static override examples = [
    { description: 'Which buckets are there?', command: '<%= config.bin %> rescue ls /mnt/found{1...4}' },
    { description: 'What is in one of them?', command: '<%= config.bin %> rescue ls /mnt/a /mnt/b /mnt/c photos/2026/' },
  ];

  async run(): Promise<void> {
    const { bucketsOf, clientSize, latestOf, openRescue, rescuedKeys } = await loadRescue();
    const words = await this.given(1);
    const { drives, source } = await this.drivesAndSource(words);
    const rescue = await openRescue(drives);
    try {
      const buckets = await bucketsOf(rescue);
      if (source.bucket === undefined && drives.length === words.length) {
        for (const bucket of buckets) this.say({ status: 'success', type: 'bucket', key: `${bucket}/` }, this.paint.folder(`${bucket}/`));
        return;
      }
      for (const bucket of source.bucket === undefined ? buckets : [source.bucket]) {
        const onFailure = (path: string, error: unknown): void => this.itemFailed(`A folder on \`${path}\` cannot be listed any further.`, error);
        for await (const key of rescuedKeys(rescue, bucket, { prefix: source.prefix, scan: 'normal', signal: this.signal, onFailure })) {
          this.#show(key, latestOf(key)?.salvaged, { withBucket: source.bucket === undefined, sizeOf: clientSize });
          await this.outputReady();
        }
      }
    } finally {
      await rescue.close();
    }
  }

  #show(key: RescuedKey, latest: RescuedKey['places'][number]['versions'][number] | undefined, { withBucket, sizeOf }: { readonly withBucket: boolean; readonly sizeOf: (version: ObjectVersion) => number }): void {
    const all = key.places.flatMap(({ versions }) => versions);
    if (all.length === 0) return this.say({ status: 'success', type: 'object', bucket: key.bucket, key: key.key, verdict: 'lost' }, `${this.paint.bad('lost')} ${key.key}: no drive has metadata that can be read`);
    if (!this.flags.versions && latest?.version.kind === 'delete-marker') return;
    const shown = this.flags.versions ? all : all.filter((one) => one === (latest ?? all.find(({ verdict }) => verdict === 'lost')));
    for (const { version, verdict, isLatest } of shown) {
      const isMarker = version.kind === 'delete-marker';
      const time = new Date(Number(version.modTimeNs / 1_000_000n));
      const size = isMarker ? 0 : sizeOf(version);
      const state = verdict === 'lost' ? this.paint.bad(verdict) : verdict === 'whole' ? this.paint.good(verdict) : this.paint.size(verdict);
      const id = this.flags.versions ? ` ${this.paint.version(version.versionId)} ${isMarker ? this.paint.deleted('DEL') : 'PUT'}` : '';
      const name = withBucket ? `${key.bucket}/${key.key}` : key.key;
      this.say(
        { status: 'success', type: isMarker ? 'delete-marker' : 'object', bucket: key.bucket, key: key.key, versionId: version.versionId, isLatest, verdict, size, lastModified: formatJsonTime(time) },
        `${this.paint.time(`[${formatTime(time)}]`)} ${this.paint.size(formatListingSize(size))} ${state}${id} ${name}`,
      );
    }
  }
}
