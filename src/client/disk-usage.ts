/** Sums of sizes per folder, from one recursive listing in key order. */
import type { Listed } from './list.js';

export interface Usage {
  /** Folder relative to where the listing began, without a final slash; empty for the top. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly count: number;
}

interface Open {
  readonly path: string;
  sizeBytes: number;
  count: number;
}

/**
 * Gives folders as they are complete, so children before their parents, the top last.
 * @param depthMax levels shown, 1 is the top alone; Infinity for all
 */
export async function* sumFolders(entries: AsyncIterable<Listed>, depthMax: number): AsyncGenerator<Usage> {
  const open: Open[] = [{ path: '', sizeBytes: 0, count: 0 }];
  for await (const { name, sizeBytes } of entries) {
    const folders = name.split('/').slice(0, -1);
    const path = folders.slice(0, Number.isFinite(depthMax) ? depthMax - 1 : undefined).join('/');
    while (open.length > 1 && !isWithin(path, open.at(-1)?.path ?? '')) yield close(open);
    for (let depth = open.length; path !== '' && depth <= path.split('/').length; depth += 1) {
      open.push({ path: path.split('/').slice(0, depth).join('/'), sizeBytes: 0, count: 0 });
    }
    const innermost = open.at(-1);
    if (innermost !== undefined) {
      innermost.sizeBytes += sizeBytes;
      innermost.count += 1;
    }
  }
  while (open.length > 0) yield close(open);
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Ends the innermost folder and adds it to the one around it. */
function close(open: Open[]): Usage {
  const done = open.pop() ?? { path: '', sizeBytes: 0, count: 0 };
  const parent = open.at(-1);
  if (parent !== undefined) {
    parent.sizeBytes += done.sizeBytes;
    parent.count += done.count;
  }
  return done;
}
