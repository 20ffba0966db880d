import { Args, Flags } from '@oclif/core';
import { AdminCommand, EXIT_HELP, Failure, logObject, logText } from '../../src/view/index.js';

export default class AdminLogs extends AdminCommand<typeof AdminLogs> {
  static override summary = "Show a server's log, and follow it.";
  static override description = `The last lines first, then new ones until Ctrl-C. ${EXIT_HELP}`;
  static override args = {
    target: Args.string({ description: 'ALIAS', ignoreStdin: true }),
    node: Args.string({ description: 'only of this node: HOST:PORT', ignoreStdin: true }),
  };
  static override flags = {
    last: Flags.integer({ char: 'l', default: 10, min: 0, description: 'that many lines of before, 0 for all that are kept' }),
    type: Flags.string({ char: 't', default: 'all', options: ['all', 'minio', 'application'], description: 'kind of lines' }),
  };
  static override examples = [{ description: 'Follow the log.', command: '<%= config.bin %> admin logs local' }];

  async run(): Promise<void> {
    const [text = '', node] = await this.given(1, 2);
    const { admin } = await this.target(text);
    try {
      for await (const line of admin.logs({ node, limit: this.flags.last, kind: this.flags.type, signal: this.signal })) {
        this.say(logObject(line), logText(line, this.paint));
        this.flushOutput();
        await this.outputReady();
      }
    } catch (error) {
      throw new Failure('Unable to listen to console log.', error);
    }
    throw new Failure('The server ended the log.');
  }
}
