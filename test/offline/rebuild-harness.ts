import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Session, type SshOptions } from '../../src/client/index.js';
import { prepareRebuild, type RebuildPlan } from '../../src/offline/index.js';

export interface Wish {
  readonly drives: readonly string[];
  readonly from: readonly string[];
  readonly slots?: readonly string[];
  readonly layout?: readonly string[];
  readonly host?: string;
  readonly ssh?: Partial<SshOptions>;
  readonly credentials?: { readonly accessKey: string; readonly secretKey: string };
}

/** `prepareRebuild` as the command calls it, without anything of this machine's own configuration. */
export async function prepare({ slots = [], layout = [], ssh = {}, credentials = { accessKey: 'minioadmin', secretKey: 'minioadmin' }, ...wish }: Wish): Promise<RebuildPlan> {
  const session = new Session({ configDir: '/nonexistent' });
  try {
    return await prepareRebuild({ ...wish, slots, layout, environment: {}, access: { session, credentials, ssh: { timeoutMs: 5000, ...ssh } } });
  } finally {
    session.close();
  }
}

export const formatFile = (drive: string): string => join(drive, '.minio.sys', 'format.json');

/** Names, sizes, times and contents of everything below: what must be the same where nothing was written. */
export function treeOf(path: string): string {
  const digest = createHash('sha256');
  const visit = (at: string): void => {
    const { mtimeNs, size, mode } = lstatSync(at, { bigint: true });
    digest.update(`${at} ${mtimeNs} ${size} ${mode}\n`);
    if (!lstatSync(at).isDirectory()) digest.update(readFileSync(at));
    else for (const name of readdirSync(at).sort()) visit(join(at, name));
  };
  visit(path);
  return digest.digest('hex');
}
