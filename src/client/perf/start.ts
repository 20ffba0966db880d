/** The load generator's face: loads the rest only when a run begins. */
import type { PerfEndpoint } from './light-signer.js';
import type { PerfOptions, PerfResult } from './run.js';

export { PERF_OPS, type PerfOp } from './workload.js';
export type { PerfEndpoint } from './light-signer.js';
export type { PerfOptions, PerfResult, PerfRow } from './run.js';

/** Runs the operations one after another, at one endpoint or alternating between two; yields each one's result when it is there. */
export async function* runPerf(endpoints: readonly PerfEndpoint[], options: PerfOptions): AsyncGenerator<PerfResult> {
  const run = await import('./run.js');
  yield* run.runPerf(endpoints, options);
}
