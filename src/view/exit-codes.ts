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

/** `cluster status` says how the cluster is; what made it impossible to tell must be told apart from that, so it is not 1 here. */
export const CLUSTER_EXIT = {
  healthy: 0,
  degraded: 1,
  'no-writes': 2,
  'no-reads': 3,
  /** Not reachable, refused, or called the wrong way. */
  unknown: 4,
} as const;

export const CLUSTER_EXIT_HELP = `Exit status: 0 healthy, 1 degraded (a drive or node is missing, healing or in trouble), 2 below write quorum, 3 below read quorum,
4 the state could not be told (no such alias, not reachable, refused, wrong usage), 130 interrupted.`;
