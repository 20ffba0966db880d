/** Runs the dashboard: the state, what changes it, what it causes, and the terminal it is drawn on. */
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { loadAdmin, type Admin } from '../client/index.js';
import { frameOf } from './frame.js';
import { Heals } from './heals.js';
import { followTrace } from './live-trace.js';
import { reduce, type Action, type Effect } from './reducer.js';
import { Screen } from './screen.js';
import { initialState, type State } from './state.js';

/** As often as `cluster status --watch`. */
const POLL_MS = 2000;
/** A server that does not stop a heal within this time is left alone. */
const STOP_HEALS_LIMIT_MS = 5000;

export interface DashboardOptions {
  readonly admin: Admin;
  readonly alias: string;
  readonly hasColour: boolean;
  /** Closes it. */
  readonly signal: AbortSignal;
  /** Registers what must be done when the process is told to end; gives what takes it back. */
  readonly onInterrupt: (cleanup: () => Promise<void>) => () => void;
}

/** How it ended: by `q`, or by Ctrl-C or the loss of the terminal. */
export type DashboardEnd = 'quit' | 'interrupted';

/** Takes the terminal of this process until the user quits. The terminal is as before on every way out. */
export async function runDashboard(options: DashboardOptions): Promise<DashboardEnd> {
  const { DashboardFeed } = await loadAdmin();
  const feed = new DashboardFeed(options.admin);
  const run = new DashboardRun(options, feed.value);
  const forget = options.onInterrupt(() => run.heals.close());
  const hangup = (): void => run.end('interrupted');
  const resize = (): void => run.resized();
  options.signal.addEventListener('abort', hangup, { once: true });
  // Ink ends the process at once where nobody else listens; the command's own listeners, which clean up, listen only once.
  process.on('SIGHUP', hangup).on('SIGINT', ignore).on('SIGTERM', ignore);
  process.stdout.on('resize', resize);
  try {
    feed.listen();
    await run.open();
    void keepPolling(feed, run);
    return await run.ended;
  } finally {
    run.close();
    feed.close();
    await Promise.race([run.heals.close(), sleep(STOP_HEALS_LIMIT_MS, undefined, { ref: false })]);
    forget();
    process.off('SIGHUP', hangup).off('SIGINT', ignore).off('SIGTERM', ignore);
    process.stdout.off('resize', resize);
    options.signal.removeEventListener('abort', hangup);
  }
}

const ignore = (): void => undefined;

async function keepPolling(feed: { poll: () => Promise<State['value']> }, run: DashboardRun): Promise<void> {
  while (!run.closed.aborted) {
    const value = await feed.poll();
    run.dispatch({ kind: 'value', value, nowMs: Date.now() });
    await sleep(POLL_MS, undefined, { signal: run.closed }).catch(() => undefined);
  }
}

class DashboardRun {
  readonly heals: Heals;
  readonly ended: Promise<DashboardEnd>;
  readonly #options: DashboardOptions;
  readonly #screen = new Screen(process.stdout);
  readonly #closed = new AbortController();
  #trace: AbortController | undefined;
  #state: State;
  #draw: () => void = () => undefined;
  #unmount: () => void = () => undefined;
  #settle: { readonly resolve: (end: DashboardEnd) => void; readonly reject: (error: unknown) => void } | undefined;

  constructor(options: DashboardOptions, value: State['value']) {
    this.#options = options;
    this.#state = initialState(options.alias, sizeOf(process.stdout), value);
    this.heals = new Heals(options.admin, (job) => this.dispatch({ kind: 'heal', job }));
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  async open(): Promise<void> {
    // Left to itself the heap grows by half before it is looked at for what nobody needs any more.
    for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1']) setFlagsFromString(flag);
    // React's other build checks what a program's authors want checked: three times the work.
    process.env['NODE_ENV'] ??= 'production';
    const [{ createElement }, { render }, { Dashboard }] = await Promise.all([import('react'), import('ink'), import('./components.js')]);
    const { hasColour } = this.#options;
    const element = () => createElement(Dashboard, { frame: frameOf(this.#state), hasColour, onKey: (key: string) => this.dispatch({ kind: 'key', key }) });
    this.#screen.open();
    // `debug` makes Ink give each frame as a whole; the screen finds what changed, cell by cell, where Ink would write whole lines.
    const app = render(element(), { stdout: frameStream(this.#screen), stdin: process.stdin, debug: true, exitOnCtrlC: false, patchConsole: false });
    this.#draw = () => app.rerender(element());
    this.#unmount = app.unmount;
    app.waitUntilExit().catch((error: unknown) => this.#settle?.reject(error));
  }

  dispatch(action: Action): void {
    if (this.closed.aborted) return;
    const { state, effects } = reduce(this.#state, action);
    this.#state = state;
    this.#draw();
    for (const effect of effects) this.#carryOut(effect);
  }

  resized(): void {
    this.#screen.forget();
    this.dispatch({ kind: 'size', ...sizeOf(process.stdout) });
  }

  end(how: DashboardEnd): void {
    this.#settle?.resolve(how);
  }

  close(): void {
    this.#closed.abort(new Error('closed'));
    this.#trace?.abort(new Error('closed'));
    this.#screen.close();
    this.#unmount();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'quit':
        return this.end(effect.isInterrupted ? 'interrupted' : 'quit');
      case 'heal':
        return void this.heals.run(effect.target);
      case 'trace':
        this.#trace?.abort(new Error('closed'));
        this.#trace = effect.isOn ? new AbortController() : undefined;
        if (this.#trace !== undefined) void this.#follow(this.#trace.signal);
    }
  }

  #follow(signal: AbortSignal): Promise<void> {
    const { admin } = this.#options;
    return followTrace(admin, { lines: (lines) => this.dispatch({ kind: 'trace', lines }), failed: (failure) => this.dispatch({ kind: 'trace-failed', failure }) }, signal);
  }
}

function sizeOf({ columns, rows }: { readonly columns: number; readonly rows: number }): { readonly columns: number; readonly rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}

/** What Ink takes for its terminal. */
function frameStream(screen: Screen): NodeJS.WriteStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (frame, _encoding, done) => {
      screen.draw(String(frame));
      done();
    },
  });
  Object.defineProperty(stream, 'columns', { get: () => process.stdout.columns || 80 });
  return stream as unknown as NodeJS.WriteStream;
}
