import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startThread } from '../../src/base/index.js';

it('starts a thread from a TypeScript source under its built name, and it can import other sources', async () => {
  const thread = startThread(new URL('./echo-thread.js', import.meta.url), { workerData: 'hello' });
  thread.postMessage('early');
  try {
    const [answer] = (await once(thread, 'message')) as [unknown];
    expect(answer).toEqual({ workerData: 'hello', message: 'early', blockSizeBytes: 1024 * 1024 });
  } finally {
    await thread.terminate();
  }
});

it('reports an entry that cannot be loaded as an error of the thread', async () => {
  const thread = startThread(new URL('./no-such-thread.js', import.meta.url));
  const [error] = (await once(thread, 'error')) as [unknown];
  expect(String(error)).toContain('no-such-thread');
});
