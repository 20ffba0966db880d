/**
 * format: bytes <-> values of everything kept on a drive. It reads no file: drives hand it bytes. Decoders accept what
 * any MinIO release wrote and refuse, with a StorageError of code metadata-corrupt, what none did; encoders write what
 * RELEASE.2025-10-15 writes, byte for byte.
 */
export * from './model.js';
export * from './xl-meta/types.js';
