/** What `import ... from 'mts'` gives: a server for tests. */
export { UsageError, type Log } from './base/index.js';
export { startServer, type RunningServer, type StartServerOptions } from './server/index.js';
