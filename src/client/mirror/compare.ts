/**
 * Two sorted listings side by side: what is only in the source, only in the target, or different in both.
 */

/** One file or object of either side. */
export interface MirrorEntry {
  /** Relative to the mirrored folder, with slashes. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Objects: ETag without quotes. Files: empty. */
  readonly etag: string;
  /** Objects: as listed. Files: empty. */
  readonly storageClass: string;
}

export type Difference =
  | { readonly kind: 'missing'; readonly source: MirrorEntry }
  /** Same name, other size or other age. */
  | { readonly kind: 'size' | 'newer'; readonly source: MirrorEntry; readonly target: MirrorEntry }
  | { readonly kind: 'extra'; readonly target: MirrorEntry };

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Compares two listings that are sorted by name in byte order. Objects of equal size differ when both ETags are known,
 * differ, and the source is the younger; files, when the source is younger by more than a second.
 */
export async function* compareListings(
  source: AsyncIterable<MirrorEntry>,
  target: AsyncIterable<MirrorEntry>,
): AsyncGenerator<Difference> {
  const left = source[Symbol.asyncIterator]();
  const right = target[Symbol.asyncIterator]();
  try {
    let [a, b] = [await left.next(), await right.next()];
    while (a.done !== true || b.done !== true) {
      const place = a.done === true ? 1 : b.done === true ? -1 : order(a.value.name, b.value.name);
      if (place < 0 && a.done !== true) {
        yield { kind: 'missing', source: a.value };
        a = await left.next();
      } else if (place > 0 && b.done !== true) {
        yield { kind: 'extra', target: b.value };
        b = await right.next();
      } else if (a.done !== true && b.done !== true) {
        const kind = differenceOf(a.value, b.value);
        if (kind !== undefined) yield { kind, source: a.value, target: b.value };
        [a, b] = [await left.next(), await right.next()];
      }
    }
  } finally {
    await left.return?.(undefined);
    await right.return?.(undefined);
  }
}

/** Clocks of servers and file systems keep different fractions of a second. */
const CLOCK_GRAIN_MS = 1000;

function differenceOf(source: MirrorEntry, target: MirrorEntry): 'size' | 'newer' | undefined {
  if (source.sizeBytes !== target.sizeBytes) return 'size';
  if (source.etag !== '' && source.etag === target.etag) return undefined;
  return source.modifiedMs > target.modifiedMs + CLOCK_GRAIN_MS ? 'newer' : undefined;
}
