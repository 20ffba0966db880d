/**
 * drive: one drive behind one interface. A local drive makes its file calls in a thread of its own; wrappers add
 * deadlines and faults. The room knows files and transactions, not sets, quorums or S3.
 */
export * from './drive.js';
export { DriveThreads } from './drive-threads.js';
export { LocalDrive } from './local-drive.js';
export { RemoteDrive, type RemoteDriveOptions } from './remote-drive.js';
export { serveDrives, type ServedDrives } from './serve-drives.js';
export type { CallCounts, DriveCalls } from './call-meter.js';
