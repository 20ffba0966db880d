/** The S3 requests of a cluster as they come, in batches: a screen need not be drawn for each of a thousand a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAdmin, type Admin, type SeenRequest } from '../client/index.js';

const BATCH_MS = 1000;
/** Of more than these in a batch the oldest are left out; a person cannot read them. */
const BATCH_MAX = 200;
const RECONNECT_MS = 2000;

interface TraceListener {
  /** Newest first, at least one. */
  readonly lines: (lines: readonly SeenRequest[]) => void;
  readonly failed: (failure: string) => void;
}

/** Goes on until the signal aborts, again and again where the server goes away. */
export async function followTrace(admin: Admin, listener: TraceListener, signal: AbortSignal): Promise<void> {
  const { seenRequest } = await loadAdmin();
  let batch: SeenRequest[] = [];
  const timer = setInterval(() => {
    if (batch.length === 0) return;
    const lines = batch.reverse();
    batch = [];
    listener.lines(lines);
  }, BATCH_MS);
  while (!signal.aborted) {
    try {
      for await (const line of admin.trace({ types: ['s3'], signal })) {
        batch.push(seenRequest(line));
        if (batch.length > BATCH_MAX) batch.shift();
      }
      if (!signal.aborted) listener.failed('the server ended it');
    } catch (error) {
      if (!signal.aborted) listener.failed(error instanceof Error ? error.message : String(error));
    }
    await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
  clearInterval(timer);
}
