/**
 * base: the words that every room shares: errors, limits, clock, log, the order of keys. It does no I/O and knows no other room.
 */
export * from './clock.js';
export * from './copy-bytes.js';
export * from './errors.js';
export * from './key-order.js';
export * from './limits.js';
export * from './log.js';
export * from './pause.js';
export * from './trace.js';
