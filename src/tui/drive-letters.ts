/** How states look: a letter and a tone each, so that a screen without colours says the same. */
import type { DriveState, NodeView, SetHealth } from '../client/index.js';
import type { Tone } from './line.js';

interface Mark {
  readonly letter: string;
  readonly tone: Tone;
}

export const DRIVE_MARKS: Readonly<Record<DriveState, Mark>> = {
  online: { letter: 'O', tone: 'good' },
  offline: { letter: 'X', tone: 'bad' },
  healing: { letter: 'H', tone: 'warn' },
  unformatted: { letter: 'U', tone: 'bad' },
  foreign: { letter: 'A', tone: 'bad' },
  doubled: { letter: 'D', tone: 'bad' },
  misplaced: { letter: 'M', tone: 'warn' },
  full: { letter: 'F', tone: 'warn' },
  'read-only': { letter: 'R', tone: 'warn' },
  slow: { letter: 'S', tone: 'warn' },
  faulty: { letter: 'E', tone: 'bad' },
  corrupt: { letter: 'C', tone: 'bad' },
  unknown: { letter: '?', tone: 'bad' },
};

export const NODE_MARKS: Readonly<Record<NodeView['state'], Mark>> = {
  online: { letter: 'O', tone: 'good' },
  initializing: { letter: 'I', tone: 'warn' },
  offline: { letter: 'X', tone: 'bad' },
};

export const HEALTH_TONES: Readonly<Record<SetHealth, Tone>> = { healthy: 'good', degraded: 'warn', 'no-writes': 'bad', 'no-reads': 'bad' };

export const HEALTH_WORDS: Readonly<Record<SetHealth, string>> = {
  healthy: 'healthy', degraded: 'degraded', 'no-writes': 'below write quorum', 'no-reads': 'below read quorum',
};
