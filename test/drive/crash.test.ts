/**
 * What a kill leaves: each scenario is cut short before each of its changing file calls in turn, and a new process then
 * finds the object as it was or as it was to be, keeps its promises, and leaves nothing behind.
 */
import { randomUUID } from 'node:crypto';
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { StagedTransaction, VersionChange } from '../../src/drive/index.js';
import type { Calls, CallName, Request } from '../../src/drive/messages.js';
import { Parcel } from '../../src/drive/messages.js';
import { ThreadCalls } from '../../src/drive/thread-calls.js';
import { entryDataDir, parseXlMeta } from '../../src/format/index.js';
import { bytesOf, putOf, textOf } from '../contracts/drive-samples.js';

const CHANGING = ['mkdirSync', 'openSync', 'rmdirSync', 'renameSync', 'unlinkSync', 'symlinkSync', 'linkSync', 'writeSync', 'writevSync', 'fdatasync', 'fsync'] as const;
const originals = { ...fs };

/** Lets this many changing file calls through, then none: the process is dead. Gives what ends at its death. */
function killAfter(count: number): { readonly death: Promise<never>; readonly isDead: () => boolean } {
  let left = count;
  let die: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_, reject) => (die = reject));
  death.catch(() => undefined);
  for (const name of CHANGING) {
    const call = originals[name] as (...args: unknown[]) => unknown;
    const counted = (...args: unknown[]): unknown => {
      if (name === 'openSync' && args[1] === 'r') return call(...args);
      if (left > 0) {
        left--;
        return call(...args);
      }
      left = -1;
      die(new Error('killed'));
      // A sync that a kill interrupts never calls back.
      if (name === 'fdatasync' || name === 'fsync') return undefined;
      throw new Error('killed');
    };
    Object.assign(fs, { [name]: counted });
  }
  syncBuiltinESMExports();
  return { death, isDead: () => left < 0 };
}

function live(): void {
  for (const name of CHANGING) Object.assign(fs, { [name]: originals[name] });
  syncBuiltinESMExports();
}

/** One process's hold of the drive, without its thread. */
class Process {
  readonly #calls: ThreadCalls;
  constructor(root: string) {
    this.#calls = new ThreadCalls(root);
  }
  async call<Name extends CallName>(name: Name, args: Calls[Name]['args'], buffers: ArrayBuffer[] = []): Promise<Calls[Name]['result']> {
    return (await this.#calls.answer([0, name, args] as unknown as Request, buffers)) as Calls[Name]['result'];
  }
  stage(transaction: string, path: string, change: VersionChange, volume = 'bucket'): Promise<Calls['stage']['result']> {
    if (change.kind === 'remove') return this.call('stage', [transaction, volume, path, change]);
    const parcel = new Parcel();
    const { signature, ...header } = change.entry.header;
    const refs = { signature: parcel.add(signature), headerBytes: parcel.add(change.entry.headerBytes), record: parcel.add(change.entry.record) };
    const inline = change.inline === undefined ? {} : { inline: parcel.add(change.inline) };
    const from = change.dataFrom === undefined ? {} : { dataFrom: change.dataFrom };
    return this.call('stage', [transaction, volume, path, { kind: 'put', header, ...refs, ...inline, ...from }], parcel.seal());
  }
  async writePart(transaction: string, dataDir: string, text: string): Promise<void> {
    const part = { writer: Math.floor(Math.random() * 1e9), transaction, dataDir, partNumber: 1 };
    const parcel = new Parcel();
    const ref = parcel.add(bytesOf(text));
    await this.call('writePart', [part, [ref]], parcel.seal());
    await this.call('closePart', [part]);
  }
}

/** The object as somebody reads it: its versions' data, newest first; undefined where there is none. */
async function contents(drive: Process, path = 'a/key'): Promise<string[] | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(await drive.call('readXlMeta', ['bucket', path, true]));
  } catch {
    return undefined;
  }
  const meta = parseXlMeta(bytes);
  return Promise.all(
    meta.versions.map(async (entry) => {
      const inline = meta.inline.get(entry.header.versionId);
      if (inline !== undefined) return textOf(inline);
      const part = drive.call('readFile', ['bucket', `${path}/${entryDataDir(entry)}/part.1`]);
      return part.then(textOf, () => 'no data');
    }),
  );
}

interface Scenario {
  readonly name: string;
  readonly before: (drive: Process) => Promise<void>;
  /** Must tell when the stage and the commit were acknowledged. */
  readonly act: (drive: Process, told: (step: 'staged' | 'committed') => void) => Promise<void>;
  readonly after: readonly string[] | undefined;
  /** What may be seen besides, between a crash and the recovery. */
  readonly between?: readonly string[];
}

async function put(drive: Process, change: VersionChange, told?: (step: 'staged' | 'committed') => void, transaction: string = randomUUID()): Promise<void> {
  await drive.stage(transaction, 'a/key', change);
  told?.('staged');
  await drive.call('commit', [transaction, false]);
  told?.('committed');
  await drive.call('settle', [transaction]);
}

async function putParts(drive: Process, text: string, modTimeNs: bigint, told?: (step: 'staged' | 'committed') => void, dataDir: string = randomUUID()): Promise<void> {
  const transaction = randomUUID();
  await drive.writePart(transaction, dataDir, text);
  await put(drive, putOf({ dataDir, modTimeNs }), told, transaction);
}

const OTHER = '11111111-0000-4000-8000-000000000001';
const SHARED_DIR = '22222222-0000-4000-8000-000000000002';
const UPLOAD = `multipart/${'0'.repeat(64)}/upload`;
const nothing = (): Promise<void> => Promise.resolve();

const scenarios: readonly Scenario[] = [
  { name: 'a new object', before: nothing, act: (drive, told) => put(drive, putOf({}, 'new'), told), after: ['new'] },
  { name: 'a new object with part files', before: nothing, act: (drive, told) => putParts(drive, 'new', 2n, told), after: ['new'] },
  { name: 'an overwrite', before: (drive) => put(drive, putOf({ modTimeNs: 1n }, 'old')), act: (drive, told) => put(drive, putOf({ modTimeNs: 2n }, 'new'), told), after: ['new'] },
  { name: 'an overwrite of part files', before: (drive) => putParts(drive, 'old', 1n), act: (drive, told) => putParts(drive, 'new', 2n, told), after: ['new'] },
  { name: 'an overwrite of part files by inline data', before: (drive) => putParts(drive, 'old', 1n), act: (drive, told) => put(drive, putOf({ modTimeNs: 2n }, 'new'), told), after: ['new'] },
  {
    name: 'the same data dir written again',
    before: (drive) => putParts(drive, 'same', 1n, undefined, SHARED_DIR),
    act: (drive, told) => putParts(drive, 'same', 1n, told, SHARED_DIR),
    after: ['same'],
    // Two folders cannot change places in one step. Healing does this, to a data dir that was broken anyway.
    between: ['no data'],
  },
  {
    name: 'one more version',
    before: (drive) => putParts(drive, 'old', 1n),
    act: (drive, told) => put(drive, putOf({ versionId: OTHER, modTimeNs: 2n }, 'new'), told),
    after: ['new', 'old'],
  },
  { name: 'a removal', before: (drive) => putParts(drive, 'old', 1n), act: (drive, told) => put(drive, { kind: 'remove', versionId: 'null' }, told), after: undefined },
  {
    name: 'the removal of one version of two',
    before: async (drive) => {
      await putParts(drive, 'old', 1n);
      await put(drive, putOf({ versionId: OTHER, modTimeNs: 2n }, 'stays'));
    },
    act: (drive, told) => put(drive, { kind: 'remove', versionId: 'null' }, told),
    after: ['stays'],
  },
  {
    name: 'the completion of an upload',
    before: async (drive) => {
      await putParts(drive, 'old', 1n);
      await drive.writePart('part', SHARED_DIR, 'new');
      mkdirSync(join(root, '.minio.sys', UPLOAD), { recursive: true });
      const parcel = new Parcel();
      const meta = parcel.add(bytesOf('meta'));
      await drive.call('commitPart', ['part', UPLOAD, SHARED_DIR, 1, meta], parcel.seal());
    },
    act: (drive, told) => put(drive, { ...putOf({ dataDir: SHARED_DIR, modTimeNs: 2n }), dataFrom: `${UPLOAD}/${SHARED_DIR}` }, told),
    after: ['new'],
  },
];

let root: string;

/** Everything below the bucket that no version of the object accounts for. */
async function litter(drive: Process): Promise<string[]> {
  const found = readdirSync(join(root, 'bucket'), { recursive: true, encoding: 'utf8' }).filter((path) => path !== 'a');
  const bytes = await drive.call('readXlMeta', ['bucket', 'a/key', true]).catch(() => undefined);
  const known = new Set(['a/key', 'a/key/xl.meta']);
  const meta = bytes === undefined ? undefined : parseXlMeta(Uint8Array.from(bytes));
  for (const entry of meta?.versions ?? []) {
    if (meta?.inline.has(entry.header.versionId) !== true) for (const file of ['', '/part.1', '/part.1.meta']) known.add(`a/key/${entryDataDir(entry)}${file}`);
  }
  return bytes === undefined ? found : found.filter((path) => !known.has(path));
}

/** Runs a scenario up to a kill; false where it came to its end. */
async function runUntilKilled(scenario: Scenario, calls: number): Promise<{ isDead: boolean; told: Set<string>; before: string[] | undefined }> {
  root = mkdtempSync(join(tmpdir(), 'mts-crash-'));
  mkdirSync(join(root, 'bucket'));
  const first = new Process(root);
  await scenario.before(first);
  const before = await contents(first);
  const told = new Set<string>();
  const killed = killAfter(calls);
  try {
    await Promise.race([scenario.act(first, (step) => told.add(step)), killed.death]).catch(() => undefined);
    // What the dead process still had planned must not happen either.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return { isDead: killed.isDead(), told, before };
  } finally {
    live();
  }
}

describe('after a kill at any file call', () => {
  afterEach(() => {
    live();
    rmSync(root, { recursive: true, force: true });
  });

  for (const scenario of scenarios) {
    for (const decision of ['forward', 'back'] as const) {
      it(`${scenario.name} is whole when it is rolled ${decision}`, async () => {
        let calls = 0;
        for (; ; calls++) {
          const { isDead, told, before } = await runUntilKilled(scenario, calls);
          const where = `killed at call ${calls}, ${[...told].join(', ') || 'nothing'} acknowledged`;
          const next = new Process(root);
          const found: StagedTransaction[] = await next.call('listStaged', [[]]);
          const seen = JSON.stringify(await contents(next));
          const isThere = seen === JSON.stringify(scenario.after);
          expect([before, scenario.after, scenario.between].map((one) => JSON.stringify(one)), `${where}: seen at once`).toContain(seen);
          if (told.has('committed')) expect(isThere, `${where}: an acknowledged change is there`).toBe(true);
          else if (told.has('staged') && !isThere) expect(found.map((one) => one.state), `${where}: a staged change is known`).toEqual(['staged']);

          for (const { id, state } of found) {
            if (decision === 'forward' || state === 'committed') await next.call('commit', [id, false]);
            await next.call('settle', [id]);
          }
          const rolled = JSON.stringify(await contents(next));
          const isForward = found.some(({ state }) => decision === 'forward' || state === 'committed') || isThere;
          expect(rolled, `${where}: seen after recovery`).toBe(JSON.stringify(isForward ? scenario.after : before));
          await vi.waitFor(() => expect(existsSync(join(root, '.minio.sys/tmp')) ? readdirSync(join(root, '.minio.sys/tmp')) : [], `${where}: work area`).toEqual([]));
          expect(await litter(next), `${where}: litter`).toEqual([]);
          rmSync(root, { recursive: true, force: true });
          if (!isDead) break;
        }
        expect(calls).toBeGreaterThan(4);
      });
    }
  }
});
