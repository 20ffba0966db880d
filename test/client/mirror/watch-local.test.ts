import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderWatch } from '../../../src/client/mirror/watch-local.js';

describe('watching a folder', () => {
  it('reports new, changed, moved and removed names, in folders made meanwhile too', async () => {
    const root = await mkdtemp(join(tmpdir(), 'transfers-watch-'));
    await mkdir(join(root, 'old'));
    await writeFile(join(root, 'old/file'), '1');
    const stop = new AbortController();
    const watching = await FolderWatch.open(root);
    try {
      const waiting = new Set(['new', 'deep/er/file', 'old', 'moved/file']);
      const seen = (async () => {
        for await (const { name } of watching.changes(stop.signal)) {
          waiting.delete(name);
          if (waiting.size === 0) return;
        }
      })();
      await writeFile(join(root, 'new'), 'x');
      await mkdir(join(root, 'deep/er'), { recursive: true });
      await writeFile(join(root, 'deep/er/file'), 'x');
      await rename(join(root, 'old'), join(root, 'moved'));
      await seen;
      expect([...waiting]).toEqual([]);
    } finally {
      stop.abort();
      watching.close();
      await rm(root, { recursive: true });
    }
  });
});
