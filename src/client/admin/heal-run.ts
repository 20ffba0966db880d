/** A heal on a server, followed to its end: its items as they come, its end as the return value. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from './admin.js';
import type { HealResultItem, HealSettings } from './types.js';

const POLL_MS = 1000;
/** The first answers of a small heal come at once. */
const POLL_FIRST_MS = 50;

export interface HealRun {
  readonly path: string;
  readonly token: string;
  readonly items: AsyncGenerator<readonly HealResultItem[], HealEnd>;
}

export interface HealEnd {
  readonly summary: string;
  /** Why it stopped; empty where it finished. */
  readonly detail: string;
}

/** Starts a heal, or joins the one of this path that runs. Batches may be empty: each is a sign of life. */
export async function runHeal(admin: Admin, path: string, settings: HealSettings, options: { readonly force: boolean; readonly signal?: AbortSignal }): Promise<HealRun> {
  const { clientToken: token } = await admin.startHeal(path, settings, options);
  return { path, token, items: follow(admin, path, token, options.signal) };
}

async function* follow(admin: Admin, path: string, token: string, signal: AbortSignal | undefined): AsyncGenerator<readonly HealResultItem[], HealEnd> {
  for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(waitMs * 2, POLL_MS)) {
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
    const { Summary: summary, Items: items, Detail: detail = '' } = await admin.pollHeal(path, token, signal);
    yield items ?? [];
    // What was collected between the last fetch and the end came with this answer.
    if (summary !== 'running') return { summary, detail };
  }
}
