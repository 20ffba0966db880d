/** What can be saved from drives of a set without a quorum; nothing here writes. */
export { salvagedKeys, salvagedKey, type SalvagedKey } from './salvaged-keys.js';
export { judgeStripe, type StripeVerdict } from './parity.js';
export { readSalvaged, withoutDrives, type SalvageRead } from './open.js';
export { heldStripes, salvagedRanges, type HeldStripe, type SalvagedRange } from './stripes.js';
export type * from './types.js';
