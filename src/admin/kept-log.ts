/** The log with a memory: passes everything on, keeps the last lines, and shows new ones to who listens. */
import type { Clock, Log } from '../base/index.js';

export interface LogRecord {
  readonly level: 'INFO' | 'WARNING' | 'ERROR';
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lines kept; as many as a person scrolls back. */
const RECORDS_MAX = 1000;

export class KeptLog implements Log {
  readonly #records: LogRecord[] = [];
  readonly #listeners = new Set<(record: LogRecord) => void>();

  constructor(
    private readonly next: Log,
    private readonly clock: Clock,
  ) {}

  info(message: string, fields?: Record<string, unknown>): void {
    this.next.info(message, fields);
    this.#keep('INFO', message, fields);
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    this.next.warn(message, fields);
    this.#keep('WARNING', message, fields);
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.next.error(message, fields);
    this.#keep('ERROR', message, fields);
  }

  /** The last `count` records, oldest first. */
  last(count: number): readonly LogRecord[] {
    return count <= 0 ? [...this.#records] : this.#records.slice(-count);
  }

  /** Records from now on, until the result is called. */
  listen(listener: (record: LogRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keep(level: LogRecord['level'], message: string, fields: Record<string, unknown> = {}): void {
    const record = { level, timeMs: this.clock.now(), message, fields };
    this.#records.push(record);
    if (this.#records.length > RECORDS_MAX) this.#records.shift();
    for (const listener of this.#listeners) listener(record);
  }
}
