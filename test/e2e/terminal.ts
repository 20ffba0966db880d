/** A terminal that a program runs in, its keys and its screen: tmux. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

let count = 0;

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** All that the program finds in its environment beside PATH, HOME and a UTF-8 locale: tests may run where CI is set. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Terminal implements Disposable {
  readonly #socket = `mts-test-${process.pid}-${++count}`;

  /** Runs a program; when it ends, the screen says `ended STATUS` and the terminal's modes. */
  constructor(words: readonly string[], { columns, rows, env = {} }: TerminalOptions) {
    const environment = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', ...env };
    const script = `echo screen before; ${words.map((word) => `'${word}'`).join(' ')}; echo ended $?; stty -a | grep -Eo -- '-?(icanon|echo) '; exec sleep 600`;
    execFileSync('tmux', ['-u', '-L', this.#socket, '-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), script], { env: environment });
  }

  /** The screen as text, line by line. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** The screen with its colours. */
  get painted(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  get isCursorShown(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  /** Keys by tmux's names (`Tab`, `Enter`, `Escape`, `Down`), or text that is typed. */
  keys(...names: readonly string[]): void {
    this.#tmux('send-keys', ...names);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Sends a signal to the program, which is the only child of the shell. */
  signal(signal: NodeJS.Signals): void {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    process.kill(Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]), signal);
  }

  /** Waits until the screen matches; gives it. */
  async shows(pattern: RegExp, limitMs = 30_000): Promise<string> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const { screen } = this;
      if (pattern.test(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`within ${limitMs} ms the screen did not show ${String(pattern)}:\n${screen}`);
      await sleep(50);
    }
  }

  [Symbol.dispose](): void {
    execFileSync('tmux', ['-L', this.#socket, 'kill-server'], { stdio: 'ignore' });
  }

  #tmux(...words: readonly string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#socket, ...words], { encoding: 'utf8' });
  }
}
