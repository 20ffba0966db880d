import { Args } from '@oclif/core';
import { EXIT_HELP, MtsCommand, unknownAlias } from '../../src/view/index.js';

export default class AliasRemove extends MtsCommand<typeof AliasRemove> {
  static override summary = "Forget a server's name.";
  static override description = EXIT_HELP;
  static override hiddenAliases = ['alias:rm'];
  static override args = { alias: Args.string({ description: 'the name', ignoreStdin: true }) };
  static override examples = [{ description: 'Forget one.', command: '<%= config.bin %> alias remove mine' }];

  async run(): Promise<void> {
    const [given = ''] = await this.given(1, 1);
    const name = given.replace(/\/$/, '');
    if (!this.session.aliases.remove(name)) throw unknownAlias(name);
    this.say({ status: 'success', alias: name, URL: '' }, `Removed \`${name}\` successfully.`);
  }
}
