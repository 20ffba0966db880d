/**
 * The terminal: an alternate screen onto which frames are put by writing only the cells that changed since the last one.
 * It is given back on every way out of the process that lets code run.
 */
import { widthOf } from './line.js';

export interface TerminalStream {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** One column: a character and the SGR codes it is drawn with. A character of two columns is followed by an empty one. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

// Alternate screen, no cursor, no line wrapping; the same in reverse.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Cells in between that did not change are written again where that is shorter than to jump over them. */
const JUMP_COLUMNS = 6;

export class Screen {
  readonly #stream: TerminalStream;
  #lines: string[] = [];
  #isOpen = false;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  readonly #leave = (): void => this.close();

  open(): void {
    this.#isOpen = true;
    this.#stream.write(ENTER);
    process.on('exit', this.#leave);
  }

  /** Puts a frame onto the screen: lines with SGR codes, from the top. */
  draw(frame: string): void {
    if (!this.#isOpen) return;
    const lines = frame.split('\n').slice(0, this.#stream.rows);
    const changes = lines.map((text, row) => (text === this.#lines[row] ? '' : changedCells(this.#lines[row] ?? '', text, row))).join('');
    const rest = lines.length < this.#lines.length ? `\u001b[${lines.length + 1};1H\u001b[J` : '';
    this.#lines = lines;
    if (changes !== '' || rest !== '') this.#stream.write(changes + rest);
  }

  /** After the terminal changed its size nobody knows what is on it. */
  forget(): void {
    this.#lines = [];
    if (this.#isOpen) this.#stream.write('\u001b[2J');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#leave);
    this.#stream.write(LEAVE);
  }
}

/** What turns a line into another: jumps to each run of cells that differ, and the cells. */
export function changedCells(from: string, to: string, row: number): string {
  const [before, after] = [cellsOf(from), cellsOf(to)];
  const isSame = (column: number): boolean => before[column]?.text === after[column]?.text && before[column]?.style === after[column]?.style;
  let text = '';
  for (let column = 0; column < after.length; column++) {
    if (isSame(column)) continue;
    // The second column of a wide character cannot be written alone.
    const start = after[column]?.text === '' ? column - 1 : column;
    let end = column + 1;
    for (let next = end; next < after.length && next - end < JUMP_COLUMNS; next++) if (!isSame(next)) end = next + 1;
    text += `\u001b[${row + 1};${start + 1}H${drawn(after.slice(start, end))}`;
    column = end;
  }
  return after.length < before.length ? `${text}\u001b[${row + 1};${after.length + 1}H\u001b[K` : text;
}

function drawn(cells: readonly Cell[]): string {
  let [text, style] = ['', ''];
  for (const cell of cells) {
    if (cell.style !== style) {
      text += `\u001b[0${cell.style === '' ? '' : `;${cell.style}`}m`;
      ({ style } = cell);
    }
    text += cell.text;
  }
  return style === '' ? text : `${text}\u001b[0m`;
}

 
const PIECES = /\u001b\[([\d;]*)m|([^\u001b]+)/g;
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  const style = new Style();
  for (const [, codes, text = ''] of line.matchAll(PIECES)) {
    if (codes !== undefined) style.apply(codes);
    const { current } = style;
     
    for (const character of /^[\u0000-\u2bff]*$/.test(text) ? text : Array.from(characters.segment(text), ({ segment }) => segment)) {
      cells.push({ text: character, style: current });
      if (widthOf(character) === 2) cells.push({ text: '', style: current });
    }
  }
  return cells;
}

/** The attributes that `paintLine` uses, as they are switched on and off. */
class Style {
  #weight = '';
  #reverse = '';
  #colour = '';

  get current(): string {
    return [this.#weight, this.#reverse, this.#colour].filter((code) => code !== '').join(';');
  }

  apply(codes: string): void {
    for (const code of codes === '' ? ['0'] : codes.split(';')) {
      if (code === '0') [this.#weight, this.#reverse, this.#colour] = ['', '', ''];
      else if (code === '1' || code === '2') this.#weight = code;
      else if (code === '22') this.#weight = '';
      else if (code === '7') this.#reverse = code;
      else if (code === '27') this.#reverse = '';
      else this.#colour = code === '39' ? '' : code;
    }
  }
}
