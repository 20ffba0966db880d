/**
 * What a running server can show of its work to whoever listens: one event per request, drive call or step of its own.
 * While nobody listens it costs one comparison per event.
 */

export type TraceKind = 'http' | 'storage' | 'internal' | 'healing' | 'scanner';

export interface TraceHttp {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly rawQuery: string;
  readonly protocol: string;
  readonly requestHeaders: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the client. */
  readonly client: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly firstByteMs: number;
}

export interface TraceEvent {
  readonly kind: TraceKind;
  /** What was done, by MinIO's names: `s3.GetObject`, `storage.ReadXL`. */
  readonly name: string;
  /** Wall clock, milliseconds since 1970. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Path of the request, or drive, volume and path of a drive call. */
  readonly path: string;
  readonly bytes?: number;
  readonly error?: string;
  readonly http?: TraceHttp;
}

type TraceListener = (event: TraceEvent) => void;

export class Tracer {
  readonly #listeners = new Map<TraceKind, Set<TraceListener>>();

  /** True where somebody wants such events; the caller makes one only then. */
  wants(kind: TraceKind): boolean {
    return this.#listeners.size > 0 && this.#listeners.has(kind);
  }

  publish(event: TraceEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) listener(event);
  }

  /** Events of these kinds from now on, until the result is called. */
  listen(kinds: Iterable<TraceKind>, listener: TraceListener): () => void {
    const wanted = [...kinds];
    for (const kind of wanted) {
      const listeners = this.#listeners.get(kind) ?? new Set();
      this.#listeners.set(kind, listeners.add(listener));
    }
    return () => {
      for (const kind of wanted) {
        const listeners = this.#listeners.get(kind);
        listeners?.delete(listener);
        if (listeners?.size === 0) this.#listeners.delete(kind);
      }
    };
  }
}
