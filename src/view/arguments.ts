/**
 * mc's way of writing a command line, turned into oclif's: global flags may come before the command, long names may have a
 * single dash, and `-h` asks for help. Needs the command table of oclif.manifest.json.
 */

/** The part of the manifest that matters here. */
export interface CommandTable {
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

interface CommandEntry {
  readonly aliases?: readonly string[];
  readonly hiddenAliases?: readonly string[];
  readonly flags?: Readonly<Record<string, FlagEntry>>;
}

interface FlagEntry {
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly type: 'boolean' | 'option';
}

/** True when the arguments may need `normalizeArguments`; most command lines do not, and then no table need be read. */
export function needsNormalizing(argv: readonly string[]): boolean {
  return argv.slice(0, 2).some((text) => text.startsWith('-')) || argv.some((text) => text === '-h' || /^-[^-]./.test(text));
}

/** The same command line with the command's words first, then flags and arguments in their order. */
export function normalizeArguments(argv: readonly string[], table: CommandTable): string[] {
  const { id, words, rest } = splitCommand(argv, table);
  const flags = flagNames(table, id);
  let isPlain = false;
  const given = rest.map((text) => {
    if (text === '--') isPlain = true;
    if (isPlain) return text;
    if (text === '-h' && !flags.has('h')) return '--help';
    const name = /^-([a-zA-Z][a-zA-Z0-9-]+)(?:=.*)?$/s.exec(text)?.[1];
    return name !== undefined && flags.has(name) ? `-${text}` : text;
  });
  return [...words, ...given];
}

function splitCommand(argv: readonly string[], table: CommandTable): { id: string | undefined; words: string[]; rest: string[] } {
  const ids = new Map(Object.entries(table.commands).flatMap(([id, { aliases = [], hiddenAliases = [] }]) => [id, ...aliases, ...hiddenAliases].map((name) => [name, id] as const)));
  const isTopic = (words: readonly string[]): boolean => [...ids.keys()].some((id) => id.startsWith(`${words.join(':')}:`));
  const valued = valuedFlags(table);
  const words: string[] = [];
  const rest: string[] = [];
  let index = 0;
  for (; index < argv.length; index += 1) {
    const text = argv[index] ?? '';
    if (text === '--') break;
    if (text.startsWith('-') && text !== '-') {
      rest.push(text);
      if (valued.has(text.replace(/^--?/, '')) && index + 1 < argv.length) rest.push(argv[(index += 1)] ?? '');
      continue;
    }
    const next = [...words, text];
    if (!ids.has(next.join(':')) && !isTopic(next)) break;
    words.push(text);
    if (ids.has(words.join(':')) && !isTopic(words)) {
      index += 1;
      break;
    }
  }
  return { id: ids.get(words.join(':')), words, rest: [...rest, ...argv.slice(index)] };
}

/** Names and letters of flags that take a value in every command that has them: what may stand before a command. */
function valuedFlags(table: CommandTable): ReadonlySet<string> {
  const all = Object.values(table.commands).map(({ flags = {} }) => flags);
  const common = Object.entries(all[0] ?? {}).filter(([name, { type }]) => type === 'option' && all.filter((flags) => name in flags).length * 2 > all.length);
  return new Set(common.flatMap(([name, { char }]) => (char === undefined ? [name] : [name, char])));
}

function flagNames(table: CommandTable, id: string | undefined): ReadonlySet<string> {
  const flags = id === undefined ? {} : (table.commands[id]?.flags ?? {});
  const names = Object.entries(flags).flatMap(([name, { aliases = [], char }]) => [name, ...aliases, ...(char === undefined ? [] : [char])]);
  return new Set([...names, 'help']);
}
