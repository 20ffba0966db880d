/** A server with nothing behind it but the S3 door and a store in memory, for one test file. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import type { Clock, Log } from '../../src/base/index.js';
import { systemRandom, Tracer } from '../../src/base/index.js';
import { createS3Handler, Traffic } from '../../src/s3/index.js';
import type { ObjectStore } from '../../src/store/index.js';
import { openDriveStore } from './drive-store.js';
import { MemoryStore } from '../doubles/memory-store.js';

export const ACCESS_KEY = 'testkey';
export const SECRET_KEY = 'testsecret/with+signs';
export const NOW_MS = Date.parse('2026-05-04T12:00:00Z');

export interface DoorFixture<S extends ObjectStore = MemoryStore> {
  readonly port: number;
  readonly store: S;
  readonly clock: Clock & { nowMs: number };
  /** What was logged as an error. */
  readonly errors: string[];
  client(options?: ConstructorParameters<typeof S3Client>[0]): S3Client;
  close(): Promise<void>;
}

interface DoorOptions {
  readonly region?: string;
  /** By the real clock, not always at NOW_MS. */
  readonly realTime?: boolean;
}

/** @param wrap may put something around the store, e.g. to make it fail. */
export function openDoor(options: DoorOptions & { wrap?: (store: MemoryStore) => ObjectStore } = {}): Promise<DoorFixture> {
  const store = new MemoryStore();
  return open(store, options.wrap?.(store) ?? store, options, () => Promise.resolve());
}

export const BACKENDS = ['memory', 'drives'] as const;

/** A door before a store of either kind; with the real clock. */
export async function openDoorOn(backend: (typeof BACKENDS)[number]): Promise<DoorFixture<ObjectStore>> {
  const { store, close } = backend === 'drives' ? await openDriveStore() : { store: new MemoryStore(), close: () => Promise.resolve() };
  return open(store, store, { realTime: true }, close);
}

async function open<S extends ObjectStore>(store: S, served: ObjectStore, options: DoorOptions, closeStore: () => Promise<void>): Promise<DoorFixture<S>> {
  const errors: string[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (message) => errors.push(message) };
  const clock = { nowMs: options.realTime ? 0 : NOW_MS, now: () => clock.nowMs || Date.now(), nextModTimeNs: () => BigInt(clock.now()) * 1_000_000n, monotonicMs: () => 0 };
  const handler = createS3Handler({
    store: served,
    lookup: (accessKey) => (accessKey === ACCESS_KEY ? { accessKey, secretKey: SECRET_KEY } : undefined),
    region: options.region ?? 'us-east-1',
    clock,
    random: systemRandom,
    log,
    serverName: 'mts/test',
    traffic: new Traffic(),
    tracer: new Tracer(),
  });
  const server = createServer({ maxHeaderSize: 32 * 1024 }, handler);
  server.on('checkContinue', handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clients: S3Client[] = [];
  return {
    port,
    store,
    clock,
    errors,
    client(extra = {}) {
      const client = new S3Client({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
        ...extra,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await closeServer(server);
      await closeStore();
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A store with some of its methods replaced. */
export function override(store: MemoryStore, changes: Partial<ObjectStore>): ObjectStore {
  return new Proxy<ObjectStore>(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(name in changes ? changes : target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
