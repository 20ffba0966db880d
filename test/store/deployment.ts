import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setChooser, type Deployment, type ErasureSet } from '../../src/cluster/index.js';
import { LocalDrive, type Drive } from '../../src/drive/index.js';
import { decodeFormatJson, type FormatAlgorithm } from '../../src/format/index.js';
import { unpackFixture, type Fixture } from '../fixtures/fixture.js';

/** One pool of drives in the order of their sets, as the server would assemble it. */
export function poolOf(
  sets: readonly (readonly (Drive | undefined)[])[],
  deploymentId: string,
  poolIndex = 0,
  algorithm: FormatAlgorithm = 'SIPMOD+PARITY',
): Deployment['pools'][number] {
  const parityOf = (size: number): number => (size === 1 ? 0 : Math.min(4, Math.floor(size / 2)));
  return {
    index: poolIndex,
    commandLine: 'test',
    setIndexOf: setChooser(algorithm, deploymentId, sets.length),
    sets: sets.map((drives, setIndex): ErasureSet => {
      const healing = new Set<Drive>();
      return {
        poolIndex,
        setIndex,
        size: drives.length,
        defaultParity: parityOf(drives.length),
        reducedParity: drives.length === 1 ? 0 : 1,
        drives,
        isHealing: (drive) => healing.has(drive),
        setHealing: (drive, isHealing) => void (isHealing ? healing.add(drive) : healing.delete(drive)),
      };
    }),
  };
}

/** The drives of a fixture, each in the slot that its format.json says. */
export class FixtureDeployment implements AsyncDisposable {
  readonly #root: string;
  readonly #name: string;
  readonly fixture: Fixture;
  readonly deployment: Deployment;
  readonly drives: readonly LocalDrive[];

  constructor(name: string) {
    this.#root = mkdtempSync(join(tmpdir(), 'mts-test-store-'));
    this.#name = name;
    this.fixture = unpackFixture(name, this.#root);
    this.drives = this.fixture.drives.map((path) => new LocalDrive(path));
    const formats = this.fixture.drives.map((path) => decodeFormatJson(readFileSync(join(path, '.minio.sys/format.json'))));
    formats.forEach((format, i) => this.drives[i]!.attach(format.driveId));
    const layouts = [...new Map(formats.map((format) => [JSON.stringify(format.sets), format.sets])).values()];
    // Releases before 2018-08 gave a deployment none.
    const id = formats[0]!.deploymentId || '7d3f4c63-373a-4d1b-a89c-e7e930f93cfc';
    this.deployment = {
      id,
      pools: layouts.map((sets, poolIndex) =>
        poolOf(
          sets.map((uuids) => uuids.map((uuid) => this.drives[formats.findIndex((format) => format.driveId === uuid)])),
          id,
          poolIndex,
          formats[0]!.algorithm,
        ),
      ),
    };
  }

  /** Puts every file back as the fixture has it. */
  restore(): void {
    unpackFixture(this.#name, this.#root);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.drives.map((drive) => drive.close()));
    rmSync(this.#root, { recursive: true });
  }
}

/** Empty drives in one set. */
export class FreshDeployment implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'mts-test-store-'));
  readonly paths: readonly string[];
  readonly drives: readonly LocalDrive[];
  readonly deployment: Deployment;

  constructor(driveCount: number, wrap: (drive: Drive) => Drive = (drive) => drive) {
    this.paths = Array.from({ length: driveCount }, (_, i) => join(this.root, `d${i + 1}`));
    for (const path of this.paths) mkdirSync(join(path, '.minio.sys', 'tmp'), { recursive: true });
    this.drives = this.paths.map((path) => new LocalDrive(path));
    const id = '7d3f4c63-373a-4d1b-a89c-e7e930f93cfc';
    this.deployment = { id, pools: [poolOf([this.drives.map(wrap)], id)] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.drives.map((drive) => drive.close()));
    rmSync(this.root, { recursive: true });
  }
}
