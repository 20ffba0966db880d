import { Args, Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import type { RemotePlace } from '../src/client/index.js';
import { convertDrives, type ConvertListener } from '../src/offline/index.js';
import { convertSummary, loadProgress, MtsCommand } from '../src/view/index.js';

export default class Convert extends MtsCommand<typeof Convert> {
  static override summary = 'Bring the objects of old drives to new ones, or to a server.';
  static override description = `SOURCE is a drive or a range of drives of MinIO, of any release since 2016: one drive without erasure coding (FS), or erasure sets. TARGET is a range of new or mts drives, in any number, or the alias of a server. No server may use the drives. The source is opened for reading only: not a byte of it changes.

Every version of every object keeps its name, bytes, etag, times, metadata, tags and version id, and each bucket its policy and other settings. Each is read back from the target and compared before it counts as done. A run that was interrupted, or killed, is completed by the same command: what is there is only compared.

On a server, a real MinIO whose alias is an administrator's keeps ids, times and ETags as well; another S3 gives new ids and times, and the same ETags where
it is known in which parts an object came. What differs is counted at the end, and told for each version with --json. Something else of the same name is never overwritten.

At night:
  1. Stop the server of the old drives.
  2. See what there is:   mts convert /mnt/old /mnt/new{1...4} --dry-run
  3. Bring it over:       mts convert /mnt/old /mnt/new{1...4}
  4. Serve the new ones:  mts server /mnt/new{1...4}

Exit status: 0 everything is there and the same, 1 failed, or some versions could not be brought (they are named), 130 interrupted.`;
  static override args = {
    source: Args.string({ description: 'old drive, or range of drives', ignoreStdin: true }),
    target: Args.string({ description: 'new drives, or an alias; with several sources or targets use --to', ignoreStdin: true }),
  };
  static override flags = {
    to: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'range of drives of a target pool, or an alias; may be given again, and all arguments are sources then' }),
    'dry-run': Flags.boolean({ description: 'only say what would be brought' }),
  };
  static override examples = [
    { description: 'A drive without erasure coding to four drives.', command: '<%= config.bin %> convert /mnt/fs /mnt/new{1...4}' },
    { description: 'Sixteen drives of 2017 to eight.', command: '<%= config.bin %> convert /mnt/old{1...16} /mnt/new{1...8}' },
    { description: 'Sixteen drives to a running MinIO.', command: '<%= config.bin %> convert /mnt/old{1...16} newminio' },
    { description: 'Two pools into one, as a report only.', command: '<%= config.bin %> convert /mnt/a{1...4} /mnt/b{1...4} --to /mnt/new{1...8} --dry-run' },
  ];

  async run(): Promise<void> {
    const { to = [] } = this.flags;
    const given = await this.given(1);
    const paths = to.length > 0 ? { sources: given, targets: to } : { sources: given.slice(0, 1), targets: given.slice(1) };
    if (paths.sources.length === 0 || paths.targets.length === 0) throw new UsageError('a source and a target are needed', 'mts convert /mnt/old /mnt/new{1...4}');
    if (to.length === 0 && given.length > 2) throw new UsageError('it is not clear which of these drives are the source', 'give the target with --to, or each side as one range');
    const display = this.terminal.isTty && !this.flags.json && !this.flags.quiet ? new (await loadProgress()).ProgressDisplay(process.stderr) : undefined;
    const warn = (text: string): void => void process.stderr.write(`mts: <WARN> ${text}\n`);
    const log = { info: () => undefined, warn, error: warn };
    const setDriveCount = process.env['MINIO_ERASURE_SET_DRIVE_COUNT'];
    const listener: ConvertListener = {
      onVersion: (name, { doneBytes, sizeBytes, versionCount, doneCount }) => display?.update({ caption: name, movedBytes: doneBytes, sizeBytes, itemCount: versionCount, doneCount }),
      onDifference: (difference) => this.say({ status: 'success', type: 'difference', ...difference }, undefined),
      onFailure: ({ bucket, key, versionId, reason }) => this.itemFailed(`${bucket}/${key} (${versionId}) was not brought: ${reason}`),
    };
    const target = this.#target(paths.targets);
    const report = await convertDrives({ sources: paths.sources, target, isDryRun: this.flags['dry-run'], log, setDriveCount, listener, signal: this.signal }).finally(() => display?.close());
    this.say(report, convertSummary(report));
  }

  /** Throws a UsageError. */
  #target(targets: readonly string[]): readonly string[] | RemotePlace {
    const places = targets.map((text) => this.place(text));
    const remote = places.find((place) => place.kind === 'remote');
    if (remote === undefined) return targets;
    if (places.length > 1) throw new UsageError('there is one target where it is a server', 'give the alias alone');
    if (remote.bucket !== '') throw new UsageError('buckets keep their names on a server', `give ${remote.alias} alone`);
    return remote;
  }
}
