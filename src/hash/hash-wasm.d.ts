/** The package's bundles of one algorithm each: its main module holds the code of all thirty, in every thread that loads it. */
declare module 'hash-wasm/dist/xxhash64.umd.min.js' {
  import type { createXXHash64 } from 'hash-wasm';

  const bundle: { readonly createXXHash64: typeof createXXHash64 };
  export default bundle;
}
declare module 'hash-wasm/dist/xxhash3.umd.min.js' {
  import type { createXXHash3 } from 'hash-wasm';

  const bundle: { readonly createXXHash3: typeof createXXHash3 };
  export default bundle;
}
declare module 'hash-wasm/dist/crc32.umd.min.js' {
  import type { createCRC32 } from 'hash-wasm';

  const bundle: { readonly createCRC32: typeof createCRC32 };
  export default bundle;
}
declare module 'hash-wasm/dist/crc64.umd.min.js' {
  import type { createCRC64 } from 'hash-wasm';

  const bundle: { readonly createCRC64: typeof createCRC64 };
  export default bundle;
}
