/** What deploy/ ships, judged by the tools that will read it. nginx itself judges nginx.conf: see e2e/cluster/balanced.test.ts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { volumesIn } from '../../src/offline/minio-volumes.js';
import { splitWords } from '../../src/server/settings.js';

const root = join(import.meta.dirname, '../..');
const deploy = (name: string): string => join(root, 'deploy', name);

/** The failure is what the tool has to say. */
function expectNoComplaint(command: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  expect(status, `${stdout}${stderr}${error?.message ?? ''}`).toBe(0);
}

describe('the systemd unit', () => {
  let folder: string;
  let unit: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mts-test-unit-'));
    unit = join(folder, 'mts.service');
    // systemd wants to see the program.
    writeFileSync(unit, readFileSync(deploy('mts.service'), 'utf8').replace('/usr/local/bin/mts', join(root, 'bin/run.js')));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is understood by systemd', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', unit], { encoding: 'utf8' });
    // An unknown setting is only a warning to it.
    expect([status, stderr]).toEqual([0, '']);
  });

  it('exposes as little as systemd calls OK', () => {
    expectNoComplaint('systemd-analyze', 'security', '--offline=yes', '--threshold=25', unit);
  });

  it('gives the server more time to stop than it gives requests', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(readFileSync(unit, 'utf8'))?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(30);
  });

  it('has settings that the server and format rebuild read', () => {
    const settings = readFileSync(deploy('mts.default'), 'utf8');
    const volumes = ['http://node{1...3}:9000/mnt/drive{1...2}'];
    expect(volumesIn(settings)).toEqual(volumes);
    const value = (name: string): string | undefined => new RegExp(`^${name}=["'](.*)["']$`, 'm').exec(settings)?.[1];
    expect(splitWords(value('MINIO_VOLUMES'))).toEqual(volumes);
    expect(splitWords(value('MINIO_OPTS'))).toEqual(['--address', ':9000', '--certs-dir', '/etc/mts/certs']);
  });
});

describe('the container files', () => {
  it('the Dockerfile has nothing that hadolint warns of', () => {
    expectNoComplaint(join(root, 'node_modules/.cache/test-python/bin/hadolint'), deploy('Dockerfile'));
  });

  it('the compose file keeps to the schema of the Compose specification and to its rules', () => {
    expectNoComplaint(process.execPath, join(root, 'node_modules/dclint/bin/dclint.cjs'), '--max-warnings', '0', deploy('compose.yaml'));
  });
});
