/**
 * Changes of a bucket as they happen, from MinIO's notification stream; servers without it are found out here, so that
 * the caller can poll them instead.
 */
import { isS3Error } from '../errors.js';
import type { S3 } from '../s3.js';

interface RemoteChange {
  readonly key: string;
  readonly isRemoval: boolean;
}

const EVENTS = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] as const;
/** The server writes something at least this often; it sends its headers with the first of it, so waiting means delay. */
const PING_SECONDS = 1;
/** A server that has not begun to answer by then is polled instead. */
const OPEN_MS_MAX = 4_000;
const LINE_LENGTH_MAX = 1024 * 1024;

/** Open notification streams of one bucket and prefix. */
export class BucketWatch {
  private constructor(private readonly bodies: readonly AsyncIterable<Buffer>[], private readonly stop: AbortController) {}

  /**
   * Resolves when the streams are open, or to undefined when the server has no such thing. Some servers take the request
   * and then keep silent for good: they count as having no such thing either.
   */
  static async open(s3: S3, bucket: string, prefix: string, signal: AbortSignal): Promise<BucketWatch | undefined> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const patience = setTimeout(() => stop.abort(), OPEN_MS_MAX);
    try {
      const answers = await Promise.all(
        EVENTS.map((events) => {
          const query = { events, prefix, suffix: '', ping: String(PING_SECONDS) };
          return s3.request({ method: 'GET', bucket, query, signal: either, attempts: 1 });
        }),
      );
      // Servers that do not know the query list the bucket instead.
      if (answers.every(({ headers }) => /event-stream|json/.test(headers['content-type'] ?? ''))) {
        return new BucketWatch(answers.map(({ body }) => body), stop);
      }
      stop.abort();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const isSilent = stop.signal.aborted;
      stop.abort();
      if (isSilent || isS3Error(error)) return undefined;
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }

  close(): void {
    this.stop.abort();
  }

  /** Calls `onChange` for each change; resolves when a stream ends, rejects when it breaks. */
  async run(onChange: (change: RemoteChange) => void): Promise<void> {
    try {
      await Promise.race(this.bodies.map((body) => readEvents(body, onChange)));
    } finally {
      this.close();
    }
  }
}

/** The stream is JSON lines `{"Records":[...]}` and, as pings, blanks or `{"Records":null}`. */
async function readEvents(body: AsyncIterable<Buffer>, onChange: (change: RemoteChange) => void): Promise<void> {
  let held = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    held += decoder.decode(chunk, { stream: true });
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    if (held.length > LINE_LENGTH_MAX) throw new Error('The notification stream sent a line longer than 1 MiB.');
    for (const line of lines) parseEvents(line).forEach(onChange);
  }
}

/** The changes that one line tells; none for pings and for lines of another kind. */
export function parseEvents(line: string): RemoteChange[] {
  if (line.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return [];
  }
  const records = (parsed as { Records?: unknown } | null)?.Records;
  if (!Array.isArray(records)) return [];
  return records.flatMap((record: unknown) => {
    const { eventName, s3 } = record as { eventName?: unknown; s3?: { object?: { key?: unknown } } };
    const key = s3?.object?.key;
    if (typeof eventName !== 'string' || typeof key !== 'string') return [];
    return [{ key: decodeURIComponent(key.replaceAll('+', ' ')), isRemoval: eventName.startsWith('s3:ObjectRemoved') }];
  });
}
