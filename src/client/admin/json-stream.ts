/** JSON objects that come one after the other, with blanks between them, as admin calls stream them. */
import type { Readable } from 'node:stream';

/** No object of such a stream is longer: a trace of a request with its bodies stays far below. */
const OBJECT_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Gives each object as it is complete. Throws a SyntaxError where the stream holds something else. */
export async function* jsonObjects(body: Readable): AsyncGenerator<unknown, void> {
  const cutter = new ObjectCutter();
  const decoder = new TextDecoder();
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    for (const text of cutter.feed(decoder.decode(chunk, { stream: true }))) yield JSON.parse(text);
  }
}

/** Finds where each object ends: braces outside of strings. */
class ObjectCutter {
  #text = '';
  #at = 0;
  #start = -1;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  feed(more: string): string[] {
    const objects: string[] = [];
    this.#text += more;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at];
      if (this.#isInString) this.#inString(character);
      else if (character === '"') this.#isInString = true;
      else if (character === '{' || character === '[') {
        if (this.#depth === 0) this.#start = this.#at;
        this.#depth++;
      } else if (character === '}' || character === ']') {
        this.#depth--;
        if (this.#depth !== 0) continue;
        objects.push(this.#text.slice(this.#start, this.#at + 1));
        this.#start = -1;
      }
    }
    this.#text = this.#start < 0 ? '' : this.#text.slice(this.#start);
    this.#at = this.#text.length;
    if (this.#start >= 0) this.#start = 0;
    if (this.#text.length > OBJECT_CHARACTERS_MAX) throw new SyntaxError('an object of the stream is too long');
    return objects;
  }

  #inString(character: string | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }
}
