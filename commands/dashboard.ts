import { Args } from '@oclif/core';
import { AdminCommand, EXIT, EXIT_HELP, Failure } from '../src/view/index.js';

export default class Dashboard extends AdminCommand<typeof Dashboard> {
  static override summary = 'Watch a cluster live on one screen.';
  static override description = `Pools, sets, nodes and drives by state, traffic, healing, the scanner, recent errors and slow requests, and buckets by size, of mts and
MinIO servers. Keys: arrows, tab for the next panel, / to filter, h to heal what is chosen (asks first), t for a live trace, ? for
help, q to quit. It needs a terminal; without one use \`mts cluster status ALIAS --watch\`. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override examples = [
    { description: 'Watch the cluster.', command: '<%= config.bin %> dashboard local' },
    { description: 'Without colours: states have letters too.', command: 'NO_COLOR=1 <%= config.bin %> dashboard local' },
  ];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin, alias } = await this.target(text);
    if (this.flags.json || !this.terminal.isTty || process.stdin.isTTY !== true || process.env['TERM'] === 'dumb') {
      throw new Failure('The dashboard needs a terminal that it can draw on.', new Error(`Use \`mts cluster status ${alias} --watch\` here`));
    }
    // A server that cannot be asked is said before the screen is taken; one that goes away later is waited for.
    await admin.info(this.signal).catch((error: unknown) => {
      throw new Failure('Unable to get the state of the cluster.', error);
    });
    const { runDashboard } = await import('../src/tui/index.js');
    const end = await runDashboard({ admin, alias, hasColour: this.terminal.hasColour, signal: this.signal, onInterrupt: (cleanup) => this.onInterrupt(cleanup) });
    if (end === 'interrupted') process.exitCode = EXIT.interrupted;
  }
}
