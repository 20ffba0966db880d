import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Args } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { checkAliasName, parseEndpoint, type Alias } from '../../src/client/index.js';
import { aliasObject, EXIT_HELP, Failure, MtsCommand } from '../../src/view/index.js';

export default class AliasImport extends MtsCommand<typeof AliasImport> {
  static override summary = 'Store an alias from a JSON object.';
  static override description = `The object has url, accessKey, secretKey, and may have sessionToken, api and path, as \`alias export\` writes it. Nothing is sent to the server. ${EXIT_HELP}`;
  static override hiddenAliases = ['alias:i'];
  static override args = {
    alias: Args.string({ description: 'the name', ignoreStdin: true }),
    file: Args.string({ description: 'file to read; standard input when left out', ignoreStdin: true }),
  };
  static override examples = [
    { description: 'Take over an alias from another machine.', command: "ssh other mts alias export mine | <%= config.bin %> alias import mine" },
  ];

  async run(): Promise<void> {
    const [name = '', file = '-'] = await this.given(1, 2);
    checkAliasName(name);
    const source = file === '-' ? 'standard input' : file;
    try {
      const document = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
      const alias = readAlias(name, document, this.session.aliases.file);
      this.session.aliases.set(alias);
      this.say(aliasObject(alias), `Imported \`${name}\` successfully.`);
    } catch (error) {
      throw new Failure(`Unable to import credentials from ${source} into alias \`${name}\`.`, error);
    }
  }
}

function readAlias(name: string, document: string, source: string): Alias {
  const parsed = parseObject(document);
  const field = (key: string): string => {
    const value = parsed[key];
    if (value !== undefined && typeof value !== 'string') throw new UsageError(`"${key}" must be a text.`);
    return value ?? '';
  };
  const path = field('path');
  return {
    name,
    url: parseEndpoint(field('url')),
    accessKey: field('accessKey'),
    secretKey: field('secretKey'),
    sessionToken: field('sessionToken') || undefined,
    api: field('api').toLowerCase() === 's3v2' ? 's3v2' : 's3v4',
    path: path === 'on' || path === 'off' || path === 'dns' ? path : 'auto',
    source,
  };
}

function parseObject(document: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch (error) {
    throw new UsageError(`It is not JSON: ${(error as Error).message}.`);
  }
  if (typeof parsed !== 'object' || parsed === null) throw new UsageError('It must be one JSON object with url, accessKey and secretKey.');
  return parsed as Record<string, unknown>;
}
