import { loadTransfers } from '../src/client/index.js';
import { copyFlags, EXIT_HELP, targetArguments, TransferCommand } from '../src/view/index.js';

export default class Mv extends TransferCommand<typeof Mv> {
  static override summary = 'move files and objects';
  static override description = `Copies like cp, and removes each source after its copy is complete. ${EXIT_HELP}`;
  static override usage = 'mv [FLAGS] SOURCE... TARGET';
  static override examples = [
    '<%= config.bin %> mv report.pdf local/archive/',
    '<%= config.bin %> mv -r local/inbox/ local/archive/2024/',
  ];
  static override args = targetArguments;
  static override flags = copyFlags;

  async run(): Promise<void> {
    const texts = await this.given(2);
    const { placeName, planCopies, sourceName } = await loadTransfers();
    const { flags } = this;
    const places = texts.map((text) => this.place(text));
    const target = places.pop();
    if (!target) return;
    for (const source of places) {
      const [from, to] = [sourceName(source), target.kind === 'local' ? sourceName(target) : placeName(target)];
      if (flags.recursive || from === to) this.refuseNesting(from, to);
    }
    const plan = planCopies(places, target, { isRecursive: flags.recursive, ...this.ages(flags), signal: this.signal });
    await this.copyAll(plan, await this.runOptions(flags, true), await this.context(flags), {
      failureWords: (source) => `Failed to move \`${source}\`.`,
      isSummary: false,
      isMirror: false,
    });
  }
}
