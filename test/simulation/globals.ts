/** The world's time, chance and files in the place of the process's, for as long as a simulation runs. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import { Arena } from '../../src/erasure/arena.js';
import { fileCalls } from './file-calls.js';
import type { FileSystems } from './file-systems.js';
import { watchSlabs } from './slabs.js';
import { EPOCH_MS, type Scheduled, type World } from './world.js';

class Timer {
  scheduled: Scheduled | undefined;
  ref = (): this => this;
  unref = (): this => this;
  hasRef = (): boolean => true;
  readonly [Symbol.dispose] = (): void => this.scheduled?.cancel();
}

/** Puts them in place; the result takes them away. */
export function inhabit(world: World, files: FileSystems): () => void {
  const start = (delayMs: number, label: string, callback: () => void): Timer => {
    const timer = new Timer();
    timer.scheduled = world.schedule(delayMs, label, callback);
    return timer;
  };
  const stop = (timer: unknown): void => {
    if (timer instanceof Timer) timer.scheduled?.cancel();
  };
  const slabs = watchSlabs(world);
  const restores = [
    replace(Arena.prototype, slabs.methods),
    replace(globalThis, {
      setTimeout: (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => start(Math.max(1, delayMs), 'timer', () => callback(...args)),
      clearTimeout: stop,
      setInterval: (callback: () => void, delayMs: number) => {
        const timer = new Timer();
        const again = (): void => {
          timer.scheduled = world.schedule(delayMs, 'interval', () => {
            again();
            callback();
          });
        };
        again();
        return timer;
      },
      clearInterval: stop,
      setImmediate: (callback: (...args: unknown[]) => void, ...args: unknown[]) => start(0, 'turn', () => callback(...args)),
      clearImmediate: stop,
    }),
    replace(performance, { now: () => world.nowMs }),
    replace(Date, { now: () => EPOCH_MS + Math.floor(world.nowMs) }),
    replace(Math, { random: () => world.chance.fraction() }),
    replace(AbortSignal, {
      timeout: (delayMs: number) => {
        const controller = new AbortController();
        world.schedule(delayMs, 'time limit', () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
        return controller.signal;
      },
    }),
    replace(crypto, { randomUUID: () => world.chance.uuid(), randomBytes: (count: number) => Buffer.from(world.chance.bytes(count)) }),
    replace(fs, fileCalls(files)),
  ];
  syncBuiltinESMExports();
  return () => {
    slabs.giveBack();
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  };
}

function replace(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, (target as Record<string, unknown>)[name]]));
  Object.assign(target, values);
  return () => void Object.assign(target, before);
}
