/** What `mirror` loads when it runs. */
export { mirrorBuckets } from './plan.js';
export { runMirror, type MirrorListener, type MirrorRunOptions } from './run.js';
export { watchMirror } from './watch.js';
