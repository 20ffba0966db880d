/**
 * The progress line of transfers: caption, bytes, bar, rate and time left. Drawn only on a terminal.
 */
import cliProgress from 'cli-progress';
import stringWidth from 'string-width';
import { formatPreciseSize } from './size.js';
import { transferDuration } from './transfer.js';

/** What the line shows. */
export interface ProgressState {
  readonly caption: string;
  readonly movedBytes: number;
  readonly sizeBytes: number;
  readonly itemCount: number;
  readonly doneCount: number;
}

/** Redraws per second; more would only cost time. */
const REDRAWS_PER_SECOND = 8;
/** The rate shown is that of about the last seconds, so that it follows without jumping. */
const RATE_WINDOW_MS = 5_000;
const SAMPLE_EVERY_MS = 100;

/** The rate of the last seconds, from samples of a growing count. */
export class RateMeter {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  add(atMs: number, bytes: number): void {
    if (atMs - (this.#samples.at(-1)?.atMs ?? -SAMPLE_EVERY_MS) < SAMPLE_EVERY_MS) return;
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > RATE_WINDOW_MS) this.#samples.shift();
  }

  bytesPerSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }
}

/**
 * One line of at most `width` columns: `name: 12 MiB / 19.07 MiB ┃▓▓▓░░┃ 157.64 MiB/s 1s`. The bar and then the caption
 * give way where the terminal is narrow.
 */
export function progressLine(state: ProgressState, bytesPerSecond: number, width: number): string {
  const { movedBytes, sizeBytes, itemCount, doneCount } = state;
  const fraction = sizeBytes > 0 ? Math.min(1, Math.max(0, movedBytes / sizeBytes)) : 0;
  const left = bytesPerSecond > 0 ? Math.ceil((sizeBytes - movedBytes) / bytesPerSecond) : undefined;
  const counts = itemCount > 1 ? ` (${doneCount}/${itemCount})` : '';
  const amounts = `${formatPreciseSize(movedBytes)} / ${formatPreciseSize(sizeBytes)}${counts}`;
  const speed = `${formatPreciseSize(Math.round(bytesPerSecond))}/s ${left === undefined ? '-' : transferDuration(left * 1000)}`;
  const fixed = stringWidth(`: ${amounts}  ${speed}`);
  const room = width - 1 - fixed;
  const barRoom = Math.min(40, Math.floor(room / 2));
  const filled = Math.round(fraction * (barRoom - 2));
  const bar = barRoom < 8 ? '' : `┃${'▓'.repeat(filled)}${'░'.repeat(barRoom - 2 - filled)}┃ `;
  return `${shorten(state.caption, room - stringWidth(bar))}: ${amounts} ${bar}${speed}`;
}

/** Keeps the end of a caption, which tells more than its beginning. */
function shorten(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && stringWidth(characters.join('')) > Math.max(0, width - 1)) characters.shift();
  return `…${characters.join('')}`;
}

/** A progress line on a terminal's stream. */
export class ProgressDisplay {
  readonly #bar: cliProgress.SingleBar;
  readonly #rate = new RateMeter();
  #state: ProgressState = { caption: '', movedBytes: 0, sizeBytes: 0, itemCount: 0, doneCount: 0 };

  constructor(stream: NodeJS.WriteStream) {
    this.#bar = new cliProgress.SingleBar({
      stream,
      fps: REDRAWS_PER_SECOND,
      hideCursor: true,
      clearOnComplete: false,
      format: () => progressLine(this.#state, this.#rate.bytesPerSecond(), stream.columns || 80),
    });
    this.#bar.start(1, 0);
  }

  update(state: ProgressState): void {
    this.#state = state;
    this.#rate.add(performance.now(), state.movedBytes);
    this.#bar.setTotal(Math.max(1, state.sizeBytes));
    this.#bar.update(state.movedBytes);
  }

  /** Draws the last state and ends the line. */
  close(): void {
    this.#bar.stop();
  }
}
