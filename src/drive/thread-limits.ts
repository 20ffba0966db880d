/** A thread's garbage is small change; without a limit each thread would let tens of megabytes of it pile up. */
export const YOUNG_HEAP_MB = 3;
