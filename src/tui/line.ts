/** Lines of a screen: pieces of text with a tone each, cut and padded to columns. What has no colour is told by its words. */
import stringWidth from 'string-width';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent' | 'strong' | 'dim' | 'chosen';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** Names come from clients: what would move the cursor or change colours is shown as a dot. */
 
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: text.replace(CONTROLS, '·'), tone };
}

export function line(text: string, tone: Tone = 'plain'): Line {
  return [span(text, tone)];
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** The line in exactly `width` columns: cut with `…`, or padded with blanks. */
export function fit(spans: Line, width: number): Line {
  if (width <= 0) return [];
  const total = lineWidth(spans);
  if (total <= width) return total === width ? spans : [...spans, { text: ' '.repeat(width - total), tone: 'plain' }];
  const kept: Span[] = [];
  let left = width - 1;
  for (const { text, tone } of spans) {
    const part = widthOf(text) <= left ? text : cutText(text, left);
    kept.push({ text: part, tone });
    left -= widthOf(part);
    if (part !== text) {
      kept.push({ text: '…', tone });
      break;
    }
  }
  return fit(kept, width);
}

/** As much of a text as fits. */
function cutText(text: string, width: number): string {
  let [cut, left] = ['', width];
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    cut += character;
  }
  return cut;
}

/** A text cut in front, where its end is what tells it apart: `…/export1`. */
export function endOf(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `…${characters.slice(characters.length - width + 1).join('')}`;
}

/** Left part, and right part at the end of the line where there is room for both. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(right);
  return room <= 0 ? fit(left, width) : [...fit(left, room), ...right];
}

/** Codes of ECMA-48; those of the second list are no colours and stay with NO_COLOR. */
const COLOURS: Readonly<Partial<Record<Tone, string>>> = { good: '32', warn: '33', bad: '31', accent: '36' };
const ATTRIBUTES: Readonly<Partial<Record<Tone, string>>> = { strong: '1', dim: '2', chosen: '7' };

/** The line as a terminal takes it. */
export function paintLine(spans: Line, hasColour: boolean): string {
  return spans.map(({ text, tone }) => {
    const code = ATTRIBUTES[tone] ?? (hasColour ? COLOURS[tone] : undefined);
    if (code === undefined || text === '') return text;
    return `\u001b[${code}m${text}\u001b[${code === '1' || code === '2' ? '22' : code === '7' ? '27' : '39'}m`;
  }).join('');
}

/** The line as text. */
export function plainText(spans: Line): string {
  return spans.map(({ text }) => text).join('');
}
