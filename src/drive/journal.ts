/** Whether a file system makes changes of folders last in the order in which they were made. */
import { readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import { isErrno } from './failures.js';

const EXT4 = 0xef53;
const XFS = 0x58465342;

/**
 * True where an fsync of one folder also makes everything last that was changed before in others: the journals of XFS and ext4
 * are one sequence. ext4 can be made without a journal.
 */
export function keepsOrder(path: string): boolean {
  const { type } = statfsSync(path);
  if (type === XFS) return true;
  if (type !== EXT4) return false;
  try {
    // st_dev as Linux packs it: 12 bits of the major number above 8 bits of the minor, whose upper bits come on top.
    const { dev } = statSync(path, { bigint: true });
    const device = `${(dev >> 8n) & 0xfffn}:${(dev & 0xffn) | ((dev >> 12n) & 0xfff00n)}`;
    const name = basename(readlinkSync(`/sys/dev/block/${device}`));
    return /^\d/.test(readFileSync(`/sys/fs/ext4/${name}/journal_task`, 'utf8'));
  } catch (error) {
    // Without /sys nobody knows.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
}
