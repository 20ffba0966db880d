/** What a command's exit status says; the same numbers as mc's. */
export const EXIT = {
  ok: 0,
  /** Anything failed: the whole command, one of its items, or the way it was called. */
  failed: 1,
  /** Ctrl-C. */
  interrupted: 130,
  /** The reader of a pipe went away. */
  brokenPipe: 141,
  /** SIGTERM. */
  terminated: 143,
} as const;

/** For the help of commands that can give no other. */
export const EXIT_HELP = 'Exit status: 0 success, 1 something failed, 130 interrupted.';
