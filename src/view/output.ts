/** Standard output in large pieces: a listing of a million lines is not a million system calls. */

/** Text gathered before it is handed on. */
const PIECE_CHARACTERS = 32 * 1024;

export class Output {
  #held: string[] = [];
  #heldCharacters = 0;
  #mustWait = false;

  line(text: string): void {
    this.#held.push(text, '\n');
    this.#heldCharacters += text.length + 1;
    if (this.#heldCharacters >= PIECE_CHARACTERS || process.stdout.isTTY === true) this.flush();
  }

  flush(): void {
    if (this.#held.length === 0) return;
    const text = this.#held.join('');
    this.#held = [];
    this.#heldCharacters = 0;
    this.#mustWait = !process.stdout.write(text);
  }

  /** Resolves when the reader has caught up; for loops that print without end. */
  async ready(): Promise<void> {
    if (!this.#mustWait) return;
    this.#mustWait = false;
    if (process.stdout.writableNeedDrain) await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
  }
}
