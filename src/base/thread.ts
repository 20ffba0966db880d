/**
 * Starting worker threads, from the built program and from TypeScript sources alike.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the thread whose entry is the module at `entry`, written with the suffix it has once built:
 * `startThread(new URL('./digest-thread.js', import.meta.url))`. Where the program runs from TypeScript sources (tests, tsx) the
 * `.ts` file beside it is taken. What is posted before the entry has loaded is kept until the entry listens on its `parentPort`.
 */
export function startThread(entry: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(entry, options);
  const source = entry.href.replace(/\.js$/, '.ts');
  // Node 20 hands no loader hooks down to threads, and `--import tsx` does not register any there: the thread does it itself.
  const start = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register(); await import(${JSON.stringify(source)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(start)}`), options);
}
