/** Page-aligned memory for direct I/O, in chunks that are used again. */
const WASM_PAGE_SIZE = 65536;
/** Memory of one drive for part files being written: as much as clients send at once to a busy drive. */
const CHUNKS_MAX = 64;

export class AlignedMemory {
  readonly #free: Uint8Array[] = [];
  #memory: WebAssembly.Memory | undefined;
  #count = 0;

  /** @param chunkSize a multiple of 64 KiB */
  constructor(private readonly chunkSize: number) {}

  /** A chunk with arbitrary contents; undefined where too many are in use. */
  take(): Uint8Array | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#count === CHUNKS_MAX) return free;
    const pages = this.chunkSize / WASM_PAGE_SIZE;
    // Shared, so that growing it leaves the chunks handed out where they are.
    this.#memory ??= new WebAssembly.Memory({ initial: 0, maximum: pages * CHUNKS_MAX, shared: true });
    this.#memory.grow(pages);
    return new Uint8Array(this.#memory.buffer, this.chunkSize * this.#count++, this.chunkSize);
  }

  give(chunk: Uint8Array): void {
    this.#free.push(chunk);
  }
}
