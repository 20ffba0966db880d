/**
 * What all commands share: mc's global flags, one session, the two forms of output (lines for people, one JSON object per
 * line with --json), failures, exit codes and Ctrl-C.
 */
import { Args, Command, Flags, type Interfaces } from '@oclif/core';
import { UsageError } from '../base/index.js';
import { defaultConfigDir, Session, type Place } from '../client/index.js';
import { EXIT } from './exit-codes.js';
import { Failure, failureObject, failureSentence } from './failure.js';
import { Output } from './output.js';
import { describeTerminal, loadPalette, type Palette, type Terminal } from './terminal.js';

/** Clean-ups after Ctrl-C that take longer are given up. */
const CLEANUP_TIMEOUT_MS = 5000;

const globalFlags = {
  'config-dir': Flags.string({ char: 'C', description: 'folder of config.json [default: ~/.mts, env MTS_CONFIG_DIR or MC_CONFIG_DIR]', helpGroup: 'GLOBAL' }),
  json: Flags.boolean({ description: 'one JSON object per line [env MTS_JSON or MC_JSON]', helpGroup: 'GLOBAL' }),
  quiet: Flags.boolean({ char: 'q', description: 'no progress bar [env MTS_QUIET or MC_QUIET]', helpGroup: 'GLOBAL' }),
  'no-color': Flags.boolean({ description: 'no colours [env MTS_NO_COLOR, MC_NO_COLOR or NO_COLOR]', helpGroup: 'GLOBAL' }),
  debug: Flags.boolean({ description: 'show requests and answers on stderr [env MTS_DEBUG or MC_DEBUG]', helpGroup: 'GLOBAL' }),
  insecure: Flags.boolean({ description: 'accept any TLS certificate [env MTS_INSECURE or MC_INSECURE]', helpGroup: 'GLOBAL' }),
  resolve: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'HOST[:PORT]=IP: look this name up as that address', helpGroup: 'GLOBAL' }),
  'limit-upload': Flags.string({ description: 'upload at most this much a second, e.g. 10MiB', helpGroup: 'GLOBAL' }),
  'limit-download': Flags.string({ description: 'download at most this much a second, e.g. 10MiB', helpGroup: 'GLOBAL' }),
  'custom-header': Flags.string({ char: 'H', multiple: true, multipleNonGreedy: true, description: 'key:value sent with every request', helpGroup: 'GLOBAL' }),
  'disable-pager': Flags.boolean({ aliases: ['dp'], hidden: true, description: 'accepted for scripts written for mc' }),
};

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<typeof globalFlags & T['flags']>;

/** The one argument of commands that take any number of places. */
export const targetArguments = {
  target: Args.string({ description: 'ALIAS/BUCKET/PREFIX, or a local path', ignoreStdin: true }),
};

export abstract class MtsCommand<T extends typeof Command> extends Command {
  static override baseFlags = globalFlags;
  /** Arguments are counted by `given`, which prints the help as mc does. */
  static override strict = false;

  protected flags!: FlagsOf<T>;
  /** What this process's results go to. */
  protected terminal!: Terminal;
  protected paint!: Palette;
  protected session!: Session;
  readonly #output = new Output();
  readonly #interrupt = new AbortController();
  readonly #cleanups = new Set<() => Promise<void>>();
  #arguments: string[] = [];

  /** Aborted by Ctrl-C and SIGTERM. */
  protected get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  override async init(): Promise<void> {
    await super.init();
    this.#watchProcess();
    const parsed = await this.parse({ flags: this.ctor.flags, baseFlags: globalFlags, args: this.ctor.args, strict: false });
    this.flags = withEnvironment({ ...unsetBooleans(this.ctor.flags ?? {}), ...parsed.flags } as FlagsOf<T>);
    const unknown = (parsed as { nonExistentFlags?: string[] }).nonExistentFlags ?? [];
    if (unknown[0] !== undefined) {
      throw new UsageError(`Invalid command usage, flag provided but not defined: ${unknown[0].replace(/^--/, '-')}`, `See \`mts ${this.words} --help\`.`);
    }
    this.#arguments = parsed.argv as string[];
    this.terminal = describeTerminal(this.flags['no-color']);
    this.paint = await loadPalette(this.terminal.hasColour && !this.flags.json);
    this.session = new Session(this.#sessionOptions());
  }

  /** The command as typed: `alias set`. */
  protected get words(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  /** The arguments. With fewer than `least` or more than `most` of them the help is shown and the command fails. */
  protected async given(least: number, most = Infinity): Promise<string[]> {
    if (this.#arguments.length >= least && this.#arguments.length <= most) return this.#arguments;
    const { loadHelpClass } = await import('@oclif/core');
    const Help = await loadHelpClass(this.config);
    await new Help(this.config, this.config.pjson.oclif.helpOptions).showHelp([...this.words.split(' '), '--help']);
    return this.exit(EXIT.failed);
  }

  protected place(text: string): Place {
    return this.session.place(text);
  }

  /** One result: the object with --json, else the line (none when undefined). */
  protected say(object: object, line: string | undefined): void {
    if (this.flags.json) this.#output.line(this.terminal.isTty ? JSON.stringify(object, undefined, ' ') : JSON.stringify(object));
    else if (line !== undefined) this.#output.line(line);
  }

  /** A line of a result that has no JSON form of its own. */
  protected print(line: string): void {
    this.#output.line(line);
  }

  /** To be awaited in long loops of `say`: resolves when the reader has caught up. */
  protected async outputReady(): Promise<void> {
    await this.#output.ready();
  }

  /** For commands that write bytes to standard output themselves: first what was said so far. */
  protected flushOutput(): void {
    this.#output.flush();
  }

  /** Reports the failure of one item; the command goes on and ends with exit code 1. */
  protected itemFailed(what: string, cause?: unknown): void {
    this.#report(new Failure(what, cause), 'error');
  }

  /** Registers what must still happen after Ctrl-C, e.g. aborting uploads; call the result when it is no longer needed. */
  protected onInterrupt(cleanup: () => Promise<void>): () => void {
    this.#cleanups.add(cleanup);
    return () => this.#cleanups.delete(cleanup);
  }

  protected override async catch(error: Error & { exitCode?: number; oclif?: { exit?: number } }): Promise<void> {
    if (this.signal.aborted) return new Promise(() => {});
    if (error.oclif?.exit !== undefined && error.name === 'Error' && error.message.startsWith('EEXIT')) {
      process.exitCode = error.oclif.exit;
      return;
    }
    this.#report(error.oclif === undefined ? error : new UsageError(`Invalid command usage, ${firstLine(error.message)}`, `See \`mts ${this.words} --help\`.`), 'fatal');
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#output.flush();
    await this.#output.ready();
    this.session?.close();
    await super.finally(error);
  }

  #report(error: unknown, type: 'fatal' | 'error'): void {
    process.exitCode = EXIT.failed;
    const isJson = this.flags?.json ?? (process.argv.includes('--json') || isOn(fromEnvironment('JSON')));
    if (isJson) {
      this.#output.line(JSON.stringify(failureObject(error, type), undefined, process.stdout.isTTY === true ? ' ' : undefined));
      return;
    }
    this.#output.flush();
    const sentence = `mts: <ERROR> ${failureSentence(error)}`;
    const paint = type === 'fatal' ? this.paint?.fatalError : this.paint?.itemError;
    process.stderr.write(`${process.stderr.isTTY === true && paint !== undefined ? paint(sentence) : sentence}\n`);
    if (this.flags?.debug === true && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  }

  #sessionOptions() {
    const { 'config-dir': configDir, insecure, resolve = [], 'custom-header': headers = [], debug } = this.flags;
    return {
      configDir: configDir ?? defaultConfigDir(),
      insecure,
      resolve: new Map(resolve.map((text) => pair(text, '=', '--resolve', 'HOST:PORT=IP'))),
      customHeaders: Object.fromEntries(headers.map((text) => pair(text, ':', '--custom-header', 'key:value'))),
      ...(debug ? { trace: (text: string) => void process.stderr.write(text.replace(/^/gm, 'mts: <DEBUG> ') + '\n') } : {}),
    };
  }

  #watchProcess(): void {
    process.once('SIGINT', () => void this.#interrupted(EXIT.interrupted));
    process.once('SIGTERM', () => void this.#interrupted(EXIT.terminated));
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
      throw error;
    });
  }

  async #interrupted(code: number): Promise<void> {
    process.once('SIGINT', () => process.exit(code));
    this.#interrupt.abort(new Error('interrupted'));
    const cleanups = Promise.allSettled([...this.#cleanups].map((cleanup) => cleanup()));
    await Promise.race([cleanups, new Promise((resolve) => setTimeout(resolve, CLEANUP_TIMEOUT_MS))]);
    this.#output.flush();
    process.exit(code);
  }
}

const firstLine = (text: string): string => {
  const line = text.split('\n')[0] ?? '';
  return line.charAt(0).toLowerCase() + line.slice(1);
};

const fromEnvironment = (name: string): string | undefined => process.env[`MTS_${name}`] ?? process.env[`MC_${name}`];
const isOn = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false', 'off', 'no'].includes(value.toLowerCase());

/** oclif leaves out what was not given; its types say otherwise. */
const unsetBooleans = (flags: Interfaces.FlagInput): Record<string, false> =>
  Object.fromEntries(Object.entries(flags).flatMap(([name, { type }]) => (type === 'boolean' ? [[name, false] as const] : [])));

/** Fills what the command line left out from MTS_* and MC_* variables. */
function withEnvironment<F extends Interfaces.InferredFlags<typeof globalFlags>>(flags: F): F {
  const filled: Record<string, unknown> = { ...flags };
  for (const [name, variable] of [['json', 'JSON'], ['quiet', 'QUIET'], ['no-color', 'NO_COLOR'], ['debug', 'DEBUG'], ['insecure', 'INSECURE']] as const) {
    filled[name] = flags[name] === true || isOn(fromEnvironment(variable));
  }
  for (const [name, variable] of [['limit-upload', 'LIMIT_UPLOAD'], ['limit-download', 'LIMIT_DOWNLOAD']] as const) {
    const value = flags[name] ?? fromEnvironment(variable);
    if (value !== undefined && value !== '') filled[name] = value;
  }
  const resolve = fromEnvironment('RESOLVE');
  if (flags.resolve === undefined && resolve) filled['resolve'] = resolve.split(',');
  return filled as F;
}

function pair(text: string, separator: string, flag: string, form: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0) throw new UsageError(`Invalid ${flag} value \`${text}\`.`, `It must look like ${form}.`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
