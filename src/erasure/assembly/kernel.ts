/**
 * Multiplies shards by a matrix over GF(2^8) with 128-bit SIMD, in the arena's memory.
 *
 * A product with a constant is two look-ups of 16 entries, one by each half of the byte: swizzle does sixteen of them at once. One input
 * at a time is multiplied into up to four outputs: their eight tables stay in registers, and so does the input's split. A tile of the outputs
 * stays in the first-level cache meanwhile. (Holding the outputs in registers and walking the inputs inside was a fifth slower: each step
 * then loads its tables anew.)
 *
 * `inputs` and `outputs` are arrays of 32-bit addresses. `plan` holds the tables: for each group of four, two or one outputs, for each input,
 * for each output of the group 16 bytes for the low half and 16 for the high one.
 */

/** Four outputs and an input of this many bytes fit the first-level cache. */
const TILE: i32 = 4096;

/** `length` is at least 16. */
export function multiply(inputs: usize, inputCount: i32, outputs: usize, outputCount: i32, plan: usize, length: i32): void {
  const whole = length & ~15;
  for (let tile = 0; tile < whole; tile += TILE) {
    walk(inputs, inputCount, outputs, outputCount, plan, tile, min(tile + TILE, whole));
  }
  // The last bytes, as the end of a vector that overlaps the one before.
  if (whole < length) walk(inputs, inputCount, outputs, outputCount, plan, length - 16, length);
}

function walk(inputs: usize, inputCount: i32, outputs: usize, outputCount: i32, plan: usize, start: i32, end: i32): void {
  let group = outputs;
  let tables = plan;
  let remaining = outputCount;
  for (; remaining >= 4; remaining -= 4) {
    for (let c = 0; c < inputCount; c++) {
      four(load<u32>(inputs + (c << 2)), group, tables, start, end, c == 0);
      tables += 128;
    }
    group += 16;
  }
  if (remaining >= 2) {
    for (let c = 0; c < inputCount; c++) {
      two(load<u32>(inputs + (c << 2)), group, tables, start, end, c == 0);
      tables += 64;
    }
    group += 8;
    remaining -= 2;
  }
  if (remaining == 1) {
    for (let c = 0; c < inputCount; c++) {
      one(load<u32>(inputs + (c << 2)), group, tables, start, end, c == 0);
      tables += 32;
    }
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function product(lowTable: v128, highTable: v128, low: v128, high: v128): v128 {
  return v128.xor(i8x16.swizzle(lowTable, low), i8x16.swizzle(highTable, high));
}

function four(input: usize, outputs: usize, tables: usize, start: i32, end: i32, isFirst: bool): void {
  const low0 = v128.load(tables), high0 = v128.load(tables, 16);
  const low1 = v128.load(tables, 32), high1 = v128.load(tables, 48);
  const low2 = v128.load(tables, 64), high2 = v128.load(tables, 80);
  const low3 = v128.load(tables, 96), high3 = v128.load(tables, 112);
  const output0 = load<u32>(outputs), output1 = load<u32>(outputs, 4);
  const output2 = load<u32>(outputs, 8), output3 = load<u32>(outputs, 12);
  const mask = i8x16.splat(15);
  if (isFirst) {
    for (let x = start; x < end; x += 16) {
      const bytes = v128.load(input + x);
      const low = v128.and(bytes, mask), high = i8x16.shr_u(bytes, 4);
      v128.store(output0 + x, product(low0, high0, low, high));
      v128.store(output1 + x, product(low1, high1, low, high));
      v128.store(output2 + x, product(low2, high2, low, high));
      v128.store(output3 + x, product(low3, high3, low, high));
    }
    return;
  }
  for (let x = start; x < end; x += 16) {
    const bytes = v128.load(input + x);
    const low = v128.and(bytes, mask), high = i8x16.shr_u(bytes, 4);
    v128.store(output0 + x, v128.xor(v128.load(output0 + x), product(low0, high0, low, high)));
    v128.store(output1 + x, v128.xor(v128.load(output1 + x), product(low1, high1, low, high)));
    v128.store(output2 + x, v128.xor(v128.load(output2 + x), product(low2, high2, low, high)));
    v128.store(output3 + x, v128.xor(v128.load(output3 + x), product(low3, high3, low, high)));
  }
}

function two(input: usize, outputs: usize, tables: usize, start: i32, end: i32, isFirst: bool): void {
  const low0 = v128.load(tables), high0 = v128.load(tables, 16);
  const low1 = v128.load(tables, 32), high1 = v128.load(tables, 48);
  const output0 = load<u32>(outputs), output1 = load<u32>(outputs, 4);
  const mask = i8x16.splat(15);
  if (isFirst) {
    for (let x = start; x < end; x += 16) {
      const bytes = v128.load(input + x);
      const low = v128.and(bytes, mask), high = i8x16.shr_u(bytes, 4);
      v128.store(output0 + x, product(low0, high0, low, high));
      v128.store(output1 + x, product(low1, high1, low, high));
    }
    return;
  }
  for (let x = start; x < end; x += 16) {
    const bytes = v128.load(input + x);
    const low = v128.and(bytes, mask), high = i8x16.shr_u(bytes, 4);
    v128.store(output0 + x, v128.xor(v128.load(output0 + x), product(low0, high0, low, high)));
    v128.store(output1 + x, v128.xor(v128.load(output1 + x), product(low1, high1, low, high)));
  }
}

function one(input: usize, outputs: usize, tables: usize, start: i32, end: i32, isFirst: bool): void {
  const low0 = v128.load(tables), high0 = v128.load(tables, 16);
  const output0 = load<u32>(outputs);
  const mask = i8x16.splat(15);
  if (isFirst) {
    for (let x = start; x < end; x += 16) {
      const bytes = v128.load(input + x);
      v128.store(output0 + x, product(low0, high0, v128.and(bytes, mask), i8x16.shr_u(bytes, 4)));
    }
    return;
  }
  for (let x = start; x < end; x += 16) {
    const bytes = v128.load(input + x);
    v128.store(output0 + x, v128.xor(v128.load(output0 + x), product(low0, high0, v128.and(bytes, mask), i8x16.shr_u(bytes, 4))));
  }
}
