import { Args } from '@oclif/core';
import { aliasBlock, aliasObject, EXIT_HELP, MtsCommand, unknownAlias } from '../../src/view/index.js';

export default class AliasList extends MtsCommand<typeof AliasList> {
  static override summary = 'List the servers that have names.';
  static override description = `Aliases of MC_HOST_* variables are listed too. ${EXIT_HELP}`;
  static override hiddenAliases = ['alias:ls'];
  static override args = { alias: Args.string({ description: 'only this one', ignoreStdin: true }) };
  static override examples = [{ description: 'List all.', command: '<%= config.bin %> alias list' }];

  async run(): Promise<void> {
    const [wanted] = await this.given(0, 1);
    const name = wanted?.replace(/\/$/, '');
    const aliases = this.session.aliases.list().filter((alias) => name === undefined || alias.name === name);
    if (name !== undefined && aliases.length === 0) throw unknownAlias(name);
    for (const alias of aliases) this.say(aliasObject(alias, true), aliasBlock(alias));
  }
}
