/**
 * cluster: which drives make a deployment. It turns arguments into pools and sets, reads and writes format.json, gives
 * every drive the slot that its identity says, watches drives go and come back, places keys, and locks names. It knows
 * nothing of objects: the store decides what happens on the drives of a set.
 */
export { expandRanges } from './ellipses.js';
export { openDeployment, type OpenDeploymentOptions, type OpenedDeployment } from './bootstrap.js';
export { parseDriveArguments, type ClusterLayout, type DriveEndpoint, type PoolLayout } from './endpoints.js';
export type { Hosts, NodeAddress } from './node-addresses.js';
export * from './locks.js';
export { layoutDifference, layoutFacts } from './cluster-facts.js';
export { LockGroup } from './lock-group.js';
export { LockTable, type LockClaim, type LockOwner, type LockVote, type LockVoter } from './lock-table.js';
export { checkSubmounts } from './mounts.js';
export * from './parity.js';
export * from './placement.js';
export { planPool, type DriveCondition, type FormatAnswer, type PoolPlan } from './format-plan.js';
export { formatAnswerOf } from './drive-format.js';
export { slotEvidence, type SlotEvidence } from './slot-evidence.js';
export type { DriveStatus } from './pool-drives.js';
export { RemoteLocks, serveLocks } from './remote-locks.js';
export { allSets, setFor, type Deployment, type ErasureSet, type Pool } from './topology.js';
