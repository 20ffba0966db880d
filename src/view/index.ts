/**
 * view: how results look, and the base of all commands. Renderers are functions from values to text; only `command.ts`
 * and `output.ts` write to the process.
 */
export { MtsCommand, targetArguments } from './command.js';
export { EXIT, EXIT_HELP } from './exit-codes.js';
export { Failure, failureSentence } from './failure.js';
export { formatListingSize, formatPreciseSize, formatSize, formatTightSize } from './size.js';
export { renderTable, type TableOptions } from './table.js';
export { describeTerminal, type Palette, type Terminal } from './terminal.js';
export { formatJsonTime, formatLongDuration, formatTime } from './time.js';
