/** Files of other machines over SSH; loaded only by the commands that need it. */
export { openSsh, parseSshTarget, type SshFiles, type SshOptions, type SshTarget } from './ssh-files.js';
