/** What admin calls may use, and how they are asked and answer. */
import type { IncomingMessage } from 'node:http';
import type { Clock, Random, Tracer } from '../base/index.js';
import type { Deployment, DriveStatus, Locker } from '../cluster/index.js';
import type { Identity, Query } from '../s3/index.js';
import type { Healing, ObjectStore } from '../store/index.js';
import type { HealSequences } from './heal-sequences.js';
import type { KeptLog } from './kept-log.js';
import type { Nodes } from './node-report.js';

/** What the server can do to itself. */
export interface ServiceControl {
  /** Begins after the answer is out. */
  restart(): void;
  stop(): void;
  /** S3 requests wait until `unfreeze`. */
  freeze(): void;
  unfreeze(): void;
}

export interface AdminRoom {
  readonly nodes: Nodes;
  readonly deployment: Deployment;
  readonly locker: Locker;
  readonly store: Pick<ObjectStore, 'listBuckets'>;
  readonly healing: Healing;
  /** undefined where no drive has others that it could be healed from. */
  readonly sequences: HealSequences | undefined;
  readonly statuses: () => readonly DriveStatus[];
  readonly service: ServiceControl;
  readonly log: KeptLog;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly region: string;
}

export interface AdminRequest {
  readonly message: IncomingMessage;
  readonly method: string;
  /** What follows the call's own path, decoded: `photos/2026` of `heal/photos/2026`. */
  readonly rest: string;
  readonly query: Query;
  readonly identity: Identity;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
  /** The whole body. Throws S3Errors. */
  body(sizeMax: number): Promise<Buffer>;
}

/** One JSON value, or text or bytes as they are, or a stream that ends when the client hangs up. */
export type AdminAnswer =
  | { readonly json: unknown; readonly afterwards?: () => void }
  | { readonly bytes: Uint8Array; readonly contentType: string }
  | { readonly stream: (write: (text: string) => boolean, signal: AbortSignal) => Promise<void>; readonly contentType: string };

export type AdminCall = (room: AdminRoom, request: AdminRequest) => Promise<AdminAnswer> | AdminAnswer;
