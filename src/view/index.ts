/**
 * view: how results look, and the base of all commands. Renderers are functions from values to text; only `command.ts`
 * and `output.ts` write to the process.
 */
export { AdminCommand, type AdminTarget } from './admin-command.js';
export { infoText } from './admin-info.js';
/** Renderers that need packages which most commands do without. */
export const loadClusterView = () => import('./cluster-status.js');
export const loadHealView = () => import('./heal.js');
export const loadTraceView = () => import('./trace.js');
export { drivesSentence, formatPercent, usageSentence, verdict } from './cluster-words.js';
export { aliasBlock, aliasObject } from './alias.js';
export { MtsCommand, targetArguments } from './command.js';
export { CLUSTER_EXIT, CLUSTER_EXIT_HELP, EXIT, EXIT_HELP } from './exit-codes.js';
export { convertSummary } from './convert.js';
export const loadProgress = () => import('./progress.js');
export { Failure, failureSentence } from './failure.js';
export { formatListingSize, formatPreciseSize, formatSize, formatTightSize } from './size.js';
export { listingLine, listingObject, placeUrl } from './listing.js';
export { renderTable, type TableOptions } from './table.js';
export { describeTerminal, type Palette, type Terminal } from './terminal.js';
export { formatCallTime, formatRemaining, formatRoughDuration, plural } from './short-time.js';
export { formatJsonTime, formatLongDuration, formatTime } from './time.js';
export { perfCells, PERF_COLUMNS, perfRowJson } from './perf.js';
export { transferLine } from './transfer.js';
export { ageFlags, bulkFlags, copyFlags, TransferCommand, writeFlags } from './transfer-command.js';
export { unknownAlias } from './unknown-alias.js';
export { shareBlock, shareObject } from './share.js';
export { bucketBlock, bucketObject, statBlock, statObjectJson } from './stat.js';
export { FormatCommand, formatFlags } from './format-command.js';
export { formatReportObject, formatReportText } from './format-inspect.js';
export { RescueCommand, type RescueSource } from './rescue-command.js';
export const loadRescueView = async () => ({ ...(await import('./rescue.js')), ...(await import('./rescue-page.js')) });
export type * from './rescue.js';
export { rebuildObject, rebuildText, verifyText } from './format-rebuild.js';
export { objectReportObject, objectReportText } from './inspect.js';
export { metadataReportObject, metadataReportText } from './inspect-metadata.js';
export { logObject, logText } from './server-log.js';
export { metricsObject, scrapeObject, scrapeYaml } from './prometheus.js';
export { restartObject, restartText } from './service.js';
export { quarantineTable } from './quarantine.js';
