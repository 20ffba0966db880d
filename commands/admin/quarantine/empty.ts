import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../../src/base/index.js';
import { parseDurationMs } from '../../../src/client/index.js';
import { AdminCommand, EXIT_HELP, Failure, plural } from '../../../src/view/index.js';

export default class AdminQuarantineEmpty extends AdminCommand<typeof AdminQuarantineEmpty> {
  static override summary = 'Delete for good what heals have put aside.';
  static override description = `Asks first, unless --yes is given. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override flags = {
    'older-than': Flags.string({ default: '0s', description: 'only what was put aside longer ago, e.g. 7d' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };
  static override examples = [{ description: 'Delete what has been there for a week.', command: '<%= config.bin %> admin quarantine empty --older-than 7d --yes local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin } = await this.target(text);
    const olderThanMs = parseDurationMs(this.flags['older-than']);
    if (olderThanMs === undefined) throw new UsageError(`\`${this.flags['older-than']}\` is no duration.`, 'Write it like 7d or 12h.');
    if (!this.flags.yes) await this.#ask((await admin.listQuarantine()).filter(({ quarantined }) => Date.now() - Date.parse(quarantined) >= olderThanMs).length);
    const { removed } = await admin.emptyQuarantine(olderThanMs).catch((error: unknown) => {
      throw new Failure('Unable to empty the quarantine.', error);
    });
    this.say({ status: 'success', removed }, `Deleted ${plural(removed, 'version')}.`);
  }

  async #ask(count: number): Promise<void> {
    if (!process.stdin.isTTY) throw new UsageError(`${plural(count, 'version')} would be deleted for good.`, 'Give --yes to do it without being asked.');
    const { confirm } = await import('@inquirer/prompts');
    if (!(await confirm({ message: `Delete ${plural(count, 'version')} for good?`, default: false }))) throw new Failure('Nothing was deleted.');
  }
}
