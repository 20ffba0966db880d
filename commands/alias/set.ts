import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { checkAliasName, loadProbe, parseEndpoint, type Alias } from '../../src/client/index.js';
import { aliasObject, EXIT_HELP, Failure, MtsCommand } from '../../src/view/index.js';

export default class AliasSet extends MtsCommand<typeof AliasSet> {
  static override summary = 'Give a server a name.';
  static override description = `The keys are tried before anything is stored. Keys that are left out are asked for, or read from standard input, one a line. ${EXIT_HELP}`;
  static override hiddenAliases = ['alias:s'];
  static override args = {
    alias: Args.string({ description: 'a letter, then letters, digits, - or _', ignoreStdin: true }),
    url: Args.string({ description: 'http(s)://host[:port]', ignoreStdin: true }),
    accessKey: Args.string({ ignoreStdin: true }),
    secretKey: Args.string({ ignoreStdin: true }),
  };
  static override flags = {
    api: Flags.string({ description: 'signature version; tried out when left out', options: ['S3v4', 'S3v2', 's3v4', 's3v2'] }),
    path: Flags.string({ description: 'bucket in the path (on), in the host name (off, dns), or as the server is known to want it (auto)', options: ['auto', 'on', 'off', 'dns'], default: 'auto' }),
  };
  static override examples = [
    { description: 'Name a server.', command: '<%= config.bin %> alias set mine https://s3.example.com ACCESSKEY SECRETKEY' },
    { description: 'The same without keys in the history of the shell.', command: '<%= config.bin %> alias set mine https://s3.example.com' },
  ];

  async run(): Promise<void> {
    const [name = '', url = '', ...keys] = await this.given(2, 4);
    if (keys.length === 1) throw new UsageError('The secret key is missing.', 'Give both keys or none.');
    const alias = name.replace(/\/$/, '');
    checkAliasName(alias);
    const endpoint = parseEndpoint(url);
    const [accessKey = '', secretKey = ''] = keys.length === 2 ? keys : await askForKeys();
    const { api, path } = this.flags;
    const wanted: Alias = { name: alias, url: endpoint, accessKey, secretKey, api: 's3v4', path: path as Alias['path'], source: this.session.aliases.file };
    const versions = api === undefined ? (['s3v4', 's3v2'] as const) : [api.toLowerCase() as Alias['api']];
    const { probeAlias } = await loadProbe();
    const working = await probeAlias(this.session, wanted, versions).catch((error: unknown) => {
      throw new Failure('Unable to initialize new alias from the provided credentials.', error);
    });
    this.session.aliases.set(working);
    this.say(aliasObject(working), `Added \`${alias}\` successfully.`);
  }
}

async function askForKeys(): Promise<string[]> {
  if (process.stdin.isTTY) {
    const { input, password } = await import('@inquirer/prompts');
    return [await input({ message: 'Enter Access Key:' }), await password({ message: 'Enter Secret Key:' })];
  }
  const lines: string[] = [];
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input: process.stdin })) lines.push(line.trim());
  return lines;
}
