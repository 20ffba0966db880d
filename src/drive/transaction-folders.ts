/** The folders `.minio.sys/tmp/<transaction>` that this process made. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { isErrno } from './failures.js';
import { checkName } from './names.js';
import type { DriveRoot } from './root.js';

export class TransactionFolders {
  /** Transaction -> data dirs made in it. */
  readonly #made = new Map<string, Set<string>>();

  constructor(private readonly root: DriveRoot) {}

  path(transaction: string): string {
    return `${this.root.tmp}/${checkName(transaction)}`;
  }

  /** True for a transaction of this process, so not one that a crash left. */
  isLive(transaction: string): boolean {
    return this.#made.has(transaction);
  }

  /** Data dirs whose part files were written in this transaction. */
  dataDirs(transaction: string): ReadonlySet<string> {
    return this.#made.get(transaction) ?? new Set();
  }

  /** Makes the transaction's folder where it is not made yet. */
  make(transaction: string): void {
    if (this.#made.has(transaction)) return;
    const folder = this.path(transaction);
    try {
      mkdirSync(folder);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) this.#makeTmp(folder);
      else if (!isErrno(error, 'EEXIST')) throw error;
    }
    this.#made.set(transaction, new Set());
  }

  makeDataDir(transaction: string, dataDir: string): void {
    this.make(transaction);
    const made = this.#made.get(transaction);
    if (made === undefined || made.has(dataDir)) return;
    mkdirSync(`${this.path(transaction)}/${checkName(dataDir)}`);
    made.add(dataDir);
  }

  forget(transaction: string): void {
    this.#made.delete(transaction);
  }

  /** MinIO moves `tmp` away when it starts, and a new drive has none; an empty mount point has none either. */
  #makeTmp(folder: string): void {
    this.root.check(true);
    for (const path of [dirname(this.root.tmp), this.root.tmp, folder]) {
      try {
        mkdirSync(path);
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
    }
  }
}
