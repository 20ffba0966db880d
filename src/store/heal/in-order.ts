/** Work on the items of a stream, several at once, results in order. */

/** Takes the next item only when fewer than `limit` are under way. The first failure ends it, after what is under way has ended. */
export async function* inOrder<T, R>(items: AsyncIterable<T>, limit: number, work: (item: T) => Promise<R>): AsyncGenerator<R, void> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const started = work(item);
      // Awaited in its turn; a rejection until then has an owner.
      started.catch(() => undefined);
      underWay.push(started);
      if (underWay.length < limit) continue;
      const first = underWay.shift();
      if (first !== undefined) yield await first;
    }
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next;
  } finally {
    await Promise.allSettled(underWay);
  }
}
