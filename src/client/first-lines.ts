/** The first lines of a stream of bytes. */

const NEWLINE = 10;

export class FirstLines {
  #left: number;

  constructor(count: number) {
    this.#left = count;
  }

  /** True when all lines wanted have passed. */
  get isDone(): boolean {
    return this.#left <= 0;
  }

  /** The part of `data` that belongs to the lines wanted; a view, not a copy. */
  take(data: Uint8Array): Uint8Array {
    let end = 0;
    for (; this.#left > 0 && end < data.length; this.#left -= 1) {
      const at = data.indexOf(NEWLINE, end);
      if (at < 0) return data;
      end = at + 1;
    }
    return data.subarray(0, end);
  }
}
