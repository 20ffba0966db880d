/** The other end of remote drives: calls of other nodes, made on this node's own drives. */
import { pause, StorageError } from '../base/index.js';
import { DataAnswer, sharedMemory, type Caller, type IncomingCall, type PeerService } from '../net/index.js';
import type { DataReader, Drive, DriveState, ShardWriter } from './drive.js';
import { PLAIN_CALLS, SHARD_BYTES_MAX, type DriveAddress, type PartPayload, type PlainCall, type ReaderPayload, type ReadPayload, type WalkItem, type WalkPayload } from './remote-calls.js';

export interface ServedDrives {
  /** This node's drive at a path, once it has one. */
  find(path: string): Drive | undefined;
  /**
   * Opens the folder of such a drive anew, to look at what is mounted there without an identity: for callers that know none,
   * where the drive has one and does not carry it.
   */
  openGuest(path: string): Drive;
}

/** How often the states of drives are looked at for those who listen. */
const LOOK_MS = 500;
/** A guest stays open for the next call of its caller's look. */
const GUEST_IDLE_MS = 5000;

/** Registers the operations of drives. */
export function serveDrives(service: PeerService, drives: ServedDrives): void {
  const host = new DriveHost(drives);
  for (const name of PLAIN_CALLS) service.handle(`drive.${name}`, (call) => host.plain(name, call));
  service.handle('drive.attach', ({ payload }) => host.attach(payload as DriveAddress));
  service.handle('drive.writePart', (call) => host.part(call, (file, { data }) => file.write(data)));
  service.handle('drive.closePart', (call) => host.part(call, (file) => file.close()));
  service.handle('drive.abortPart', (call) => host.part(call, (file) => file.abort()));
  service.handle('drive.openData', (call) => host.openData(call));
  service.handle('drive.readData', (call) => host.readData(call));
  service.handle('drive.closeData', (call) => host.closeData(call));
  service.handleStream('drive.walk', async (stream, { payload, signal }) => {
    const [path, id, volume, options] = payload as WalkPayload;
    for await (const batch of host.owned([path, id]).walk(volume, { ...options, signal })) {
      const item: WalkItem = batch.map(({ key, isPrefix, meta }) => [key, isPrefix ? null : (meta ?? new Uint8Array(0))]);
      await stream.send(item);
    }
  });
  service.handleStream('drive.states', async (stream, { payload, signal }) => {
    const address = payload as DriveAddress;
    let told: DriveState | undefined;
    while (!signal.aborted) {
      const { state } = host.owned(address);
      if (state !== told) await stream.send(state);
      told = state;
      await pause(LOOK_MS, signal);
    }
  });
}

/** Calls, whose first argument is a transaction, after which its part files are somebody else's business. */
const ENDS_WRITING: ReadonlySet<PlainCall> = new Set<PlainCall>(['stage', 'commitPart', 'settle']);

/** What a connection has open; it ends with the connection. */
interface Session {
  /** Transactions with part files, until they are staged or settled; by drive. */
  readonly unstaged: Map<Drive, Set<string>>;
  readonly writers: Map<number, PartFile>;
  readonly readers: Map<number, { readonly drive: Drive; readonly reader: DataReader }>;
}

class PartFile {
  position = 0;
  readonly transaction: string;
  readonly #writer: ShardWriter;

  constructor(
    readonly drive: Drive,
    [, , , transaction, dataDir, partNumber]: PartPayload,
    private readonly forget: () => void,
  ) {
    this.transaction = transaction;
    this.#writer = drive.createPart(transaction, dataDir, partNumber);
  }

  write(data: Uint8Array): Promise<void> {
    this.position += data.length;
    return this.#writer.write([data]);
  }

  close(): Promise<void> {
    this.forget();
    return this.#writer.close();
  }

  abort(): Promise<void> {
    this.forget();
    return this.#writer.abort();
  }
}

class DriveHost {
  readonly #sessions = new WeakMap<Caller, Session>();
  readonly #guests = new Map<string, { readonly drive: Drive; uses: number; timer: NodeJS.Timeout | undefined }>();

  constructor(private readonly drives: ServedDrives) {}

  /** This node's drive, which must be the one that the caller means. */
  owned([path, id]: DriveAddress): Drive {
    const drive = this.drives.find(path);
    if (drive === undefined) throw new StorageError('drive-not-found', `this node has no drive ${path} in use`, { drive: path });
    // The caller's quorum came first; this node's own comes to the same, or will say so.
    if (drive.id === undefined && id !== null) drive.attach(id);
    if (drive.id !== (id ?? undefined)) throw new StorageError('drive-foreign', `drive ${path} carries the id ${drive.id ?? 'of nobody'}, expected ${id ?? 'none'}`, { drive: path });
    return drive;
  }

  async plain(name: PlainCall, { payload, caller }: IncomingCall): Promise<unknown> {
    const [path, id, ...args] = payload as readonly [...DriveAddress, ...unknown[]];
    if (id !== null && ENDS_WRITING.has(name)) return this.#afterWriting(name, this.owned([path, id]), args, caller);
    if (id !== null) return stated(this.owned([path, id]), (drive) => invoke(drive, name, args));
    const own = this.drives.find(path);
    if (own?.id === undefined || own.state === 'online') return stated(own ?? this.owned([path, id]), (drive) => invoke(drive, name, args));
    return this.#asGuest(path, (drive) => stated(drive, () => invoke(drive, name, args)));
  }

  /** From the staging on, whoever looks for abandoned changes finds the transaction; until then it goes with its connection. */
  async #afterWriting(name: PlainCall, drive: Drive, args: readonly unknown[], caller: Caller): Promise<unknown> {
    const transaction = String(args[0]);
    const wrote = this.#session(caller).unstaged.get(drive)?.delete(transaction) === true;
    try {
      return await stated(drive, () => invoke(drive, name, args));
    } catch (error) {
      if (wrote && caller.closed.aborted) await drive.settle(transaction).catch(() => undefined);
      else if (wrote) this.#noteUnstaged(caller, drive, transaction);
      throw error;
    }
  }

  #noteUnstaged(caller: Caller, drive: Drive, transaction: string): void {
    const { unstaged } = this.#session(caller);
    const known = unstaged.get(drive);
    if (known === undefined) unstaged.set(drive, new Set([transaction]));
    else known.add(transaction);
  }

  attach(address: DriveAddress): unknown {
    const drive = this.owned(address);
    if (drive.state !== 'online' && drive.id !== undefined) drive.attach(drive.id);
    return [drive.state, null];
  }

  part(call: IncomingCall, work: (file: PartFile, call: IncomingCall) => Promise<void>): Promise<unknown> {
    const payload = call.payload as PartPayload;
    const [path, id, number, , , , position] = payload;
    const drive = this.owned([path, id]);
    const { writers } = this.#session(call.caller);
    let file = writers.get(number);
    if (file === undefined && position === 0) {
      file = new PartFile(drive, payload, () => writers.delete(number));
      writers.set(number, file);
      this.#noteUnstaged(call.caller, drive, file.transaction);
    }
    if (file?.position !== position || file.drive !== drive) {
      throw new StorageError('drive-faulty', `a piece of a part file came for byte ${position}, expected ${file?.position ?? 0}`, { drive: path });
    }
    const open = file;
    return stated(drive, () => work(open, call));
  }

  openData({ payload, caller }: IncomingCall): unknown {
    const [path, id, number, volume, folder, dataDir] = payload as ReaderPayload;
    const drive = this.owned([path, id]);
    this.#session(caller).readers.set(number, { drive, reader: drive.openData(volume, folder, dataDir) });
    return [drive.state, null];
  }

  async readData({ payload, caller }: IncomingCall): Promise<unknown> {
    const [path, id, number, partNumber, offset, length] = payload as ReadPayload;
    const open = this.#session(caller).readers.get(number);
    if (open === undefined || open.drive !== this.owned([path, id])) throw new StorageError('drive-not-found', `drive ${path} was opened anew`, { drive: path });
    if (!(length >= 0 && length <= SHARD_BYTES_MAX)) throw new StorageError('drive-faulty', `${length} bytes of a part file were asked for at once, ${SHARD_BYTES_MAX} are the most`, { drive: path });
    const memory = sharedMemory.take(length);
    // After a failure a hung call may still write into the memory: it is not used again.
    await open.reader.read(partNumber, offset, memory);
    return new DataAnswer([open.drive.state, null], memory, () => sharedMemory.give(memory));
  }

  closeData({ payload, caller }: IncomingCall): unknown {
    const [, , number] = payload as ReadPayload;
    const { readers } = this.#session(caller);
    const open = readers.get(number);
    readers.delete(number);
    open?.reader.close();
    return [open?.drive.state ?? 'offline', null];
  }

  #session(caller: Caller): Session {
    const known = this.#sessions.get(caller);
    if (known !== undefined) return known;
    const session: Session = { unstaged: new Map(), writers: new Map(), readers: new Map() };
    this.#sessions.set(caller, session);
    const end = (): void => {
      // What is not staged by now never will be: its writer stages on this connection or not at all.
      const aborts = [...session.writers.values()].map((file) => file.abort());
      const drop = async (): Promise<void> => {
        await Promise.allSettled(aborts);
        for (const [drive, transactions] of session.unstaged) for (const transaction of transactions) await drive.settle(transaction).catch(() => undefined);
      };
      void drop();
      for (const { reader } of session.readers.values()) reader.close();
      session.readers.clear();
    };
    if (caller.closed.aborted) end();
    else caller.closed.addEventListener('abort', end, { once: true });
    return session;
  }

  async #asGuest<T>(path: string, work: (drive: Drive) => Promise<T>): Promise<T> {
    const guest = this.#guests.get(path) ?? { drive: this.drives.openGuest(path), uses: 0, timer: undefined };
    this.#guests.set(path, guest);
    clearTimeout(guest.timer);
    guest.uses++;
    try {
      return await work(guest.drive);
    } finally {
      if (--guest.uses === 0) {
        guest.timer = setTimeout(() => {
          this.#guests.delete(path);
          void guest.drive.close();
        }, GUEST_IDLE_MS);
        guest.timer.unref();
      }
    }
  }
}

async function stated(drive: Drive, work: (drive: Drive) => Promise<unknown>): Promise<unknown> {
  const value = await work(drive);
  return [drive.state, value];
}

function invoke(drive: Drive, name: PlainCall, args: readonly unknown[]): Promise<unknown> {
  const methods = drive as unknown as Record<PlainCall, (...args: unknown[]) => Promise<unknown>>;
  // What was left out came as null.
  return methods[name](...args.map((value) => value ?? undefined));
}
