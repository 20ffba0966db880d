/** How many drives of a pool make one erasure set; fixed for good when the drives are formatted. */
import { SET_DRIVES_MAX, UsageError } from '../base/index.js';

interface SetSizeRequest {
  /** The pool's drives as typed; for messages. */
  readonly commandLine: string;
  readonly driveCount: number;
  /** Length of the leftmost `{a...b}` of the argument; undefined for drives listed one by one. */
  readonly leftmostLength?: number | undefined;
  /** MINIO_ERASURE_SET_DRIVE_COUNT; wins over symmetry. */
  readonly wanted?: number | undefined;
}

/**
 * The largest size from 2 to 16 that divides the drives and keeps sets symmetric over the leftmost range (which is what
 * spreads a set over hosts). Throws a UsageError where there is none. As RELEASE.2025-10-15 chooses.
 */
export function chooseSetSize(request: SetSizeRequest): number {
  const { commandLine, driveCount, leftmostLength, wanted } = request;
  const divisors: number[] = [];
  for (let size = 2; size <= SET_DRIVES_MAX; size++) if (driveCount % size === 0) divisors.push(size);
  if (divisors.length === 0) {
    throw new UsageError(
      `${driveCount} drives (${commandLine}) cannot be divided into erasure sets of 2 to ${SET_DRIVES_MAX} drives each`,
      `give a number of drives that a number from 2 to ${SET_DRIVES_MAX} divides, for instance ${nearestDivisible(driveCount)}`,
    );
  }
  if (wanted !== undefined) {
    if (divisors.includes(wanted)) return wanted;
    throw new UsageError(
      `MINIO_ERASURE_SET_DRIVE_COUNT is ${wanted}, but ${driveCount} drives (${commandLine}) can only be divided into sets of [${divisors.join(' ')}]`,
      'set the variable to one of these sizes, or unset it to let the server choose',
    );
  }
  const symmetric = divisors.filter((size) => leftmostLength === undefined || isSymmetric(size, leftmostLength));
  const largest = symmetric.at(-1);
  if (largest !== undefined) return largest;
  throw new UsageError(
    `${driveCount} drives (${commandLine}) can be divided into sets of [${divisors.join(' ')}], but none of these spreads evenly over the ${leftmostLength ?? 0} members of the leftmost range`,
    'change the ranges, or choose a set size yourself with MINIO_ERASURE_SET_DRIVE_COUNT',
  );
}

function isSymmetric(size: number, rangeLength: number): boolean {
  return rangeLength > size ? rangeLength % size === 0 : size % rangeLength === 0;
}

/** The next larger count that has a usable divisor. */
function nearestDivisible(count: number): number {
  for (let next = Math.max(count, 2); ; next++) {
    for (let size = 2; size <= SET_DRIVES_MAX; size++) if (next % size === 0) return next;
  }
}
