/** Members of a JSON document that nobody vouches for: each is what it must be, or the document is refused with metadata-corrupt. */
import { corrupt } from './corrupt.js';

const DECODER = new TextDecoder('utf-8', { fatal: true });

export class JsonDocument {
  /** `where` names the file, then the member, in what is said of it. */
  private constructor(
    private readonly members: Readonly<Record<string, unknown>>,
    private readonly where: string,
  ) {}

  static parse(bytes: Uint8Array, file: string): JsonDocument {
    let value: unknown;
    try {
      // A copy: decoders refuse shared memory.
      value = JSON.parse(DECODER.decode(new Uint8Array(bytes)));
    } catch {
      throw corrupt(bytes.length === 0 ? `${file} is empty` : `${file} is not JSON`);
    }
    return JsonDocument.#of(value, file);
  }

  static #of(value: unknown, where: string): JsonDocument {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corrupt(`${where} is not a JSON object`);
    return new JsonDocument(value as Record<string, unknown>, where);
  }

  has(name: string): boolean {
    const value = this.#member(name);
    return value !== undefined && value !== null;
  }

  object(name: string): JsonDocument {
    return JsonDocument.#of(this.#member(name), `${this.where} ${name}`);
  }

  /** Objects of an array; none where the member is missing or null. */
  objects(name: string): JsonDocument[] {
    return this.#array(name).map((value, i) => JsonDocument.#of(value, `${this.where} ${name}[${i}]`));
  }

  text(name: string): string {
    const value = this.#member(name);
    if (typeof value !== 'string') throw this.#wrong(name, 'a text');
    return value;
  }

  /** A text; empty where the member is missing. */
  optionalText(name: string): string {
    return this.has(name) ? this.text(name) : '';
  }

  isTrue(name: string): boolean {
    return this.#member(name) === true;
  }

  /** A whole number of at least 0. */
  size(name: string): number {
    const value = this.#member(name);
    if (!isSize(value)) throw this.#wrong(name, 'a size');
    return value;
  }

  /** A whole number, -1 where the member is missing. */
  optionalInteger(name: string): number {
    if (!this.has(name)) return -1;
    const value = this.#member(name);
    if (!Number.isSafeInteger(value)) throw this.#wrong(name, 'a whole number');
    return value as number;
  }

  sizes(name: string): number[] {
    return this.#array(name).map((value) => {
      if (!isSize(value)) throw this.#wrong(name, 'an array of sizes');
      return value;
    });
  }

  /** The members of an object of texts; none where it is missing or null. */
  texts(name: string): Map<string, string> {
    if (!this.has(name)) return new Map();
    const { members } = this.object(name);
    return new Map(
      Object.entries(members).map(([key, value]) => {
        if (typeof value !== 'string') throw this.#wrong(name, 'an object of texts');
        return [key, value];
      }),
    );
  }

  #array(name: string): readonly unknown[] {
    const value = this.#member(name);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'an array');
    return value;
  }

  #member(name: string): unknown {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }

  #wrong(name: string, wanted: string): Error {
    return corrupt(`${this.where} has a member ${name} that is not ${wanted}`);
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
