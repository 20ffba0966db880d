/**
 * The definition of the erasure code as plain TypeScript: slow, obvious, the judge of the fast bodies.
 */
import { multiply } from './galois.js';
import type { ErasureBody, Kernel } from './kernel.js';
import { MatrixCodec } from './matrix-codec.js';

export function openReferenceBody(): ErasureBody {
  /** `products[a][b]` is a * b. */
  const products = Array.from({ length: 256 }, (_, a) => Uint8Array.from({ length: 256 }, (_, b) => multiply(a, b)));
  const kernel: Kernel = {
    multiply(rows, inputs, outputs) {
      outputs.forEach((output, row) => {
        output.fill(0);
        inputs.forEach((input, column) => {
          const multiples = products[rows[row]?.[column] ?? 0] ?? output;
          for (let x = 0; x < output.length; x++) output[x] = (output[x] ?? 0) ^ (multiples[input[x] ?? 0] ?? 0);
        });
      });
    },
  };
  return { name: 'reference', codec: (dataShards, parityShards) => new MatrixCodec(kernel, dataShards, parityShards) };
}
