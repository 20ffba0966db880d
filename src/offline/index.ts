/**
 * offline: work on drives without a server. It looks at the files of drives as they are, and never changes them.
 */
export { inspectFormats, type DriveFinding, type FormatReport, type MissingDrive, type PoolFinding } from './format-report.js';
export { inspectObject, type ObjectReport, type PartReport, type VersionReport } from './object-report.js';
