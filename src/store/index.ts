/**
 * store: what happens to buckets and objects on the drives of a deployment: put, get, list, delete, multipart, versions.
 * Quorum decisions are pure functions in quorum.ts. It knows no HTTP and emits no events.
 */
export { inOrder } from './heal/in-order.js';
export * from './heal/types.js';
export { FsStore } from './fs/fs-store.js';
export { fsFormatOf, openFsStore } from './fs/open.js';
export { readOnlyStore } from './read-only.js';
export type { RecoveryReport } from './recovery.js';
export { createStore, type Store, type StoreOptions } from './store.js';
export * from './salvage/index.js';
export * from './types.js';
