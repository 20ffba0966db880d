/**
 * The definition of the erasure code as plain TypeScript: slow, obvious, the judge of the fast bodies.
 */
import { multiply } from './galois.js';
import type { ErasureBody, Kernel } from './kernel.js';
import { MatrixCodec } from './matrix-codec.js';

const kernel: Kernel = {
  multiply(rows, inputs, outputs) {
    outputs.forEach((output, row) => {
      output.fill(0);
      inputs.forEach((input, column) => {
        const factor = rows[row]?.[column] ?? 0;
        for (let x = 0; x < output.length; x++) output[x] = (output[x] ?? 0) ^ multiply(factor, input[x] ?? 0);
      });
    });
  },
};

export function openReferenceBody(): ErasureBody {
  return { name: 'reference', codec: (dataShards, parityShards) => new MatrixCodec(kernel, dataShards, parityShards) };
}
