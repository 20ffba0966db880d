import { Args } from '@oclif/core';
import { EXIT_HELP, MtsCommand, unknownAlias } from '../../src/view/index.js';

export default class AliasExport extends MtsCommand<typeof AliasExport> {
  static override summary = 'Write an alias as a JSON object.';
  static override description = `It holds the secret key; \`alias import\` reads it. ${EXIT_HELP}`;
  static override hiddenAliases = ['alias:e'];
  static override args = { alias: Args.string({ description: 'the name', ignoreStdin: true }) };
  static override examples = [{ description: 'Save an alias.', command: '<%= config.bin %> alias export mine > mine.json' }];

  async run(): Promise<void> {
    const [name = ''] = await this.given(1, 1);
    const alias = this.session.aliases.find(name);
    if (alias === undefined) throw unknownAlias(name);
    const { url, accessKey, secretKey, sessionToken, api, path } = alias;
    this.print(JSON.stringify({ url, accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }), api, path }));
  }
}
