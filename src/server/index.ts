/**
 * server: puts the rooms together: `mts server` as a process, `startServer` inside other people's tests, health probes.
 * It decides in which order things open and close, and nothing about objects.
 */
export { runServer } from './run-server.js';
export { splitWords } from './settings.js';
export { startServer, type RunningServer, type StartServerOptions } from './start-server.js';
