import type { DataReader, Drive, DriveInfo, DriveState, MissedChanges, ShardWriter, StagedTransaction, StageResult, VolumeInfo, WalkEntry } from '../../src/drive/index.js';
import { driveFailure } from '../../src/drive/failures.js';
import type { CallName, Calls, Request } from '../../src/drive/messages.js';
import { ThreadCalls } from '../../src/drive/thread-calls.js';

/**
 * A real drive in a folder, whose calls are made in the caller's thread: starting a thread from TypeScript sources takes
 * most of a second. It answers what the cluster room asks; objects are not its business.
 */
export class SameThreadDrive implements Drive {
  readonly isLocal = true;
  readonly #calls: ThreadCalls;
  #id: string | undefined;

  constructor(readonly endpoint: string) {
    this.#calls = new ThreadCalls(endpoint);
  }

  get id(): string | undefined {
    return this.#id;
  }
  get state(): DriveState {
    return this.#calls.state;
  }
  attach(id: string): void {
    this.#id = id;
    this.#calls.answer([0, 'attach', [id]], []);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  info = (): Promise<DriveInfo> => this.#call('info', []);
  makeVolume = (volume: string): Promise<void> => this.#call('makeVolume', [volume]);
  statVolume = (volume: string): Promise<VolumeInfo> => this.#call('statVolume', [volume]);
  listVolumes = (): Promise<VolumeInfo[]> => this.#call('listVolumes', []);
  deleteVolume = (volume: string, options: { readonly force: boolean }): Promise<void> => this.#call('deleteVolume', [volume, options.force]);
  readFile = async (volume: string, path: string): Promise<Uint8Array> => Uint8Array.from(await this.#call('readFile', [volume, path]));
  writeFile = (volume: string, path: string, bytes: Uint8Array): Promise<void> => this.#call('writeFile', [volume, path, [0, 0, bytes.length]], [Uint8Array.from(bytes).buffer]);
  listDir = (volume: string, path: string): Promise<string[]> => this.#call('listDir', [volume, path]);
  remove = (volume: string, path: string): Promise<void> => this.#call('remove', [volume, path]);
  readXlMeta = async (volume: string, path: string, options: { readonly inline: boolean }): Promise<Uint8Array> =>
    Uint8Array.from(await this.#call('readXlMeta', [volume, path, options.inline]));
  listStaged = (): Promise<StagedTransaction[]> => this.#call('listStaged', [[]]);

  stage = (): Promise<StageResult> => Promise.reject(notHere());
  commit = (): Promise<void> => Promise.reject(notHere());
  settle = (): Promise<void> => Promise.reject(notHere());
  commitPart = (): Promise<void> => Promise.reject(notHere());
  statParts = (): Promise<number[]> => Promise.reject(notHere());
  verifyPart = (): Promise<void> => Promise.reject(notHere());
  moveData = (): Promise<void> => Promise.reject(notHere());
  noteMissed = (): Promise<void> => Promise.reject(notHere());
  listMissed = (): Promise<MissedChanges[]> => Promise.resolve([]);
  forgetMissed = (): Promise<void> => Promise.reject(notHere());
  createPart = (): ShardWriter => {
    throw notHere();
  };
  openData = (): DataReader => {
    throw notHere();
  };
  walk = (): AsyncIterable<WalkEntry[]> => {
    throw notHere();
  };

  async #call<Name extends CallName>(name: Name, args: Calls[Name]['args'], buffers: readonly ArrayBuffer[] = []): Promise<Calls[Name]['result']> {
    try {
      return (await this.#calls.answer([1, name, args] as unknown as Request, buffers)) as Calls[Name]['result'];
    } catch (error) {
      throw driveFailure(error, name, this.endpoint);
    }
  }
}

function notHere(): Error {
  return new Error('a SameThreadDrive keeps no objects');
}
