/** The oracle of siphash.test.ts has no types of its own. */
declare module 'siphash' {
  const siphash: { hash(key: readonly [number, number, number, number], data: Uint8Array): { readonly h: number; readonly l: number } };
  export default siphash;
}
