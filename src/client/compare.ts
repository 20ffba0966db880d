/** Two listings in key order, side by side. */
import type { Listed } from './list.js';

/** The numbers that scripts know from mc's JSON. */
export const DIFFERENCE = { size: 2, type: 4, onlyFirst: 5, onlySecond: 6, newerFirst: 7 } as const;

export interface Difference {
  readonly first: Listed | undefined;
  readonly second: Listed | undefined;
  readonly code: (typeof DIFFERENCE)[keyof typeof DIFFERENCE];
}

/** Gives what differs: names on one side only, other sizes, and a first side that was written later. Contents are not read. */
export async function* compareListings(first: AsyncIterable<Listed>, second: AsyncIterable<Listed>): AsyncGenerator<Difference> {
  const [left, right] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
  let [a, b] = await Promise.all([nextOf(left), nextOf(right)]);
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : byteOrder(nameOf(a), nameOf(b));
    if (order < 0) {
      yield { first: a, second: undefined, code: DIFFERENCE.onlyFirst };
      a = await nextOf(left);
    } else if (order > 0) {
      yield { first: undefined, second: b, code: DIFFERENCE.onlySecond };
      b = await nextOf(right);
    } else {
      const code = a !== undefined && b !== undefined ? differenceOf(a, b) : undefined;
      if (code !== undefined) yield { first: a, second: b, code };
      [a, b] = await Promise.all([nextOf(left), nextOf(right)]);
    }
  }
}

const nameOf = (entry: Listed): string => entry.name.normalize('NFC');

async function nextOf(iterator: AsyncIterator<Listed>): Promise<Listed | undefined> {
  const result = await iterator.next();
  return result.done === true ? undefined : result.value;
}

function byteOrder(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function differenceOf(a: Listed, b: Listed): Difference['code'] | undefined {
  if (a.type !== b.type) return DIFFERENCE.type;
  if (a.sizeBytes !== b.sizeBytes) return DIFFERENCE.size;
  return (a.modifiedAt?.getTime() ?? 0) > (b.modifiedAt?.getTime() ?? 0) ? DIFFERENCE.newerFirst : undefined;
}
