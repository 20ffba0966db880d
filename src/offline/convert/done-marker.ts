/** `.minio.sys/mts/conversion.json` on drives that were converted to: which source they got all of, and when. What users change afterwards is theirs: it is not brought again. */
import type { Drive } from '../../drive/index.js';
import { SYSTEM_VOLUME } from '../../format/index.js';

const PATH = 'mts/conversion.json';

/** When everything that the fingerprint stands for was there; undefined where it never was. */
export async function completionOf(drives: readonly Drive[], fingerprint: string): Promise<Date | undefined> {
  for (const drive of drives) {
    const bytes = await drive.readFile(SYSTEM_VOLUME, PATH).catch(() => undefined);
    const completed = bytes && completedIn(bytes, fingerprint);
    if (completed !== undefined) return completed;
  }
  return undefined;
}

/** A drive that cannot take it is no harm: one is enough. */
export async function noteCompletion(drives: readonly Drive[], fingerprint: string, completed: Date): Promise<void> {
  const bytes = Buffer.from(JSON.stringify({ version: 1, source: fingerprint, completed: completed.toISOString() }));
  await Promise.allSettled(drives.map((drive) => drive.writeFile(SYSTEM_VOLUME, PATH, bytes)));
}

/** undefined for one that is damaged: then everything is compared again. */
function completedIn(bytes: Uint8Array, fingerprint: string): Date | undefined {
  try {
    const { source, completed } = JSON.parse(Buffer.from(bytes).toString()) as { readonly source?: unknown; readonly completed?: unknown };
    const date = new Date(String(completed));
    return source === fingerprint && !Number.isNaN(date.getTime()) ? date : undefined;
  } catch {
    return undefined;
  }
}
