import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Builds dist/ before the tests where a source is newer: tests of real processes run what users run. */
export default function setup(): void {
  if (newestIn(join(root, 'dist')) > Math.max(newestIn(join(root, 'src')), newestIn(join(root, 'commands')))) return;
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

function newestIn(folder: string): number {
  try {
    return Math.max(
      0,
      ...readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
    );
  } catch {
    return 0;
  }
}
