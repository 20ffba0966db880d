/** HChaCha20 (draft-irtf-cfrg-xchacha-03, 2.2): a key from a key and 16 bytes. */

/** "expand 32-byte k". */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

export function hchacha20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const words = (bytes: Uint8Array): number[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
  };
  const state = new Uint32Array([...CONSTANTS, ...words(key), ...words(input)]);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(state, i, i + 4, i + 8, i + 12);
    for (let i = 0; i < 4; i++) quarter(state, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const derived = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((from, to) => derived.writeUInt32LE(state[from] ?? 0, to * 4));
  return derived;
}

function quarter(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (sum: number, addend: number, turned: number, bits: number): void => {
    state[sum] = (state[sum] ?? 0) + (state[addend] ?? 0);
    const mixed = (state[turned] ?? 0) ^ (state[sum] ?? 0);
    state[turned] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}
