import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { candidateText, carryOutRebuild, prepareRebuild, type DriveSlot, type RebuildPlan, type SlotCandidate } from '../../src/offline/index.js';
import { FormatCommand, formatFlags, rebuildObject, rebuildText } from '../../src/view/index.js';

export default class FormatRebuild extends FormatCommand<typeof FormatRebuild> {
  static override summary = 'Give a drive that lost its format.json its identity back.';
  static override description = `Derives who the drive was from its peers, shows the plan, asks, and writes .minio.sys/format.json as it was. What it replaces is kept beside it as format.json.mts-TIME. It never guesses: where more than one identity is possible it asks which, and without a terminal lists them and writes nothing.

Peers (--from) are a HOST, asked on port 9000 and else over SSH; ALIAS; http://host:9000; user@host:/folder; or a folder of this machine. Over SSH a host's drives are those of MINIO_VOLUMES in /etc/default/minio or of its unit file, or of --layout.
Keys of a server that is no alias come from MINIO_ROOT_USER and MINIO_ROOT_PASSWORD; an SSH password from MTS_SSH_PASSWORD. The host's key must be in known_hosts.

At night:
  1. Stop the server of this machine, mount the new drives, make the folders: mkdir -p /minio-export1 /minio-export2
  2. See what would be done:   mts format rebuild /minio-export1 /minio-export2 --from 192.168.2.151 --dry-run
  3. Do it:                    mts format rebuild /minio-export1 /minio-export2 --from 192.168.2.151
  4. Start the server, and heal: mts admin heal --recursive ALIAS

Exit status: 0 done, or nothing to do, 1 refused or failed (nothing is written where it was refused), 130 interrupted.`;
  static override args = { drive: Args.string({ description: 'folder of the lost drive, on this machine', ignoreStdin: true }) };
  static override flags = {
    from: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'who knows the deployment; may be given again' }),
    layout: Flags.string({ multiple: true, multipleNonGreedy: true, description: "the server's arguments [default: MINIO_VOLUMES, /etc/default/minio, the unit file]" }),
    host: Flags.string({ description: "this machine's name in the layout, where that is not clear" }),
    slot: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'POOL/SET/DRIVE from 1, one for each drive' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'show the plan only' }),
    ...formatFlags,
  };
  static override examples = [
    { description: 'A machine was destroyed; another one knows.', command: '<%= config.bin %> format rebuild /minio-export1 /minio-export2 --from 192.168.2.151' },
    { description: 'From the other drives of this machine.', command: '<%= config.bin %> format rebuild /mnt/drive3 --from /mnt/drive{1...4}' },
    { description: 'Several were lost: which is which.', command: "<%= config.bin %> format rebuild /export1 /export2 --from root@host1 --layout 'http://host{1...3}/export{1...2}'" },
    { description: 'Say it yourself: pool 1, set 1, drive 4.', command: '<%= config.bin %> format rebuild /mnt/drive4 --from myminio --slot 1/1/4' },
  ];

  async run(): Promise<void> {
    const drives = await this.given(1);
    const { from = [], slot = [], layout = [], host } = this.flags;
    const plan = await prepareRebuild({ drives, from, slots: slot, layout, host, access: this.access(this.flags), environment: process.env, choose: this.#canAsk ? (path, candidates) => this.#choose(path, candidates) : undefined });
    const unwritten = plan.drives.filter(({ isDone }) => !isDone);
    if (!this.flags.json) this.print(await rebuildText(plan, this.paint));
    if (this.flags['dry-run'] || unwritten.length === 0) {
      this.say(rebuildObject(plan, [], false), unwritten.length === 0 ? 'Nothing to do.' : 'Nothing was written (--dry-run).');
      return;
    }
    if (!(await this.#isWanted(unwritten.length))) return this.say({}, 'Nothing was written.');
    const backups = await carryOutRebuild(plan, Date.now());
    this.say(rebuildObject(plan, backups, true), nextSteps(plan, backups));
  }

  get #canAsk(): boolean {
    return this.terminal.isTty && process.stdin.isTTY === true && !this.flags.json && !this.flags.yes;
  }

  async #choose(path: string, candidates: readonly SlotCandidate[]): Promise<DriveSlot> {
    this.flushOutput();
    const { select } = await import('@inquirer/prompts');
    return select({ message: `Which drive was ${path}?`, choices: candidates.map((candidate) => ({ name: candidateText(candidate), value: candidate })) });
  }

  async #isWanted(count: number): Promise<boolean> {
    if (this.flags.yes) return true;
    if (!this.#canAsk) throw new UsageError('nothing was written: there is nobody to ask', 'look at the plan with --dry-run, then give --yes');
    this.flushOutput();
    const { confirm } = await import('@inquirer/prompts');
    return confirm({ message: `Write ${count === 1 ? 'this identity' : `these ${count} identities`}?`, default: false });
  }
}

function nextSteps(plan: RebuildPlan, backups: readonly { readonly path: string; readonly backup: string | undefined }[]): string {
  const kept = backups.flatMap(({ backup }) => (backup === undefined ? [] : [`What was replaced is kept: ${backup}`]));
  const healing = plan.drives.some(({ hasTracker }) => hasTracker)
    ? 'Start the server again: the drive counts as one to heal. Watch it with `mts cluster status --watch ALIAS`.'
    : 'This format has no mark for drives to heal: start its server again, then heal with `mts admin heal --recursive ALIAS` (or `mc admin heal -r`). Until then the drive passes for a whole one.';
  return [`Written: ${backups.map(({ path }) => path).join(', ')}.`, ...kept, healing].join('\n');
}
