/**
 * The files of transactions: `.minio.sys/tmp/<transaction>.<member>`. They have no folder of their own, because making and
 * removing one costs a drive more than what lies in it.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { StorageError } from '../base/index.js';
import { isErrno } from './failures.js';
import { checkName } from './names.js';
import type { DriveRoot } from './root.js';

export class WorkArea {
  /** Transactions of this process -> data dirs made in them. */
  readonly #live = new Map<string, Set<string>>();

  constructor(private readonly root: DriveRoot) {}

  /** A transaction's file, or folder of part files. Throws file-name-invalid. */
  path(transaction: string, member: string): string {
    if (transaction.includes('.')) throw new StorageError('file-name-invalid', `cannot use ${JSON.stringify(transaction)} as a transaction: it holds a "."`);
    return `${this.root.tmp}/${checkName(transaction)}.${checkName(member)}`;
  }

  /** True for a transaction of this process, so not one that a crash left. */
  isLive(transaction: string): boolean {
    return this.#live.has(transaction);
  }

  /** Data dirs whose part files were written in this transaction. */
  dataDirs(transaction: string): ReadonlySet<string> {
    return this.#live.get(transaction) ?? new Set();
  }

  /** Runs a call that creates a file of a transaction; the work area is made where it is missing. */
  create<T>(transaction: string, call: () => T): T {
    const created = this.#createInTmp(call);
    if (!this.#live.has(transaction)) this.#live.set(transaction, new Set());
    return created;
  }

  makeDataDir(transaction: string, dataDir: string): void {
    if (this.dataDirs(transaction).has(dataDir)) return;
    const folder = this.path(transaction, dataDir);
    this.create(transaction, () => mkdirSync(folder));
    this.#live.get(transaction)?.add(dataDir);
  }

  forget(transaction: string): void {
    this.#live.delete(transaction);
  }

  #createInTmp<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      this.#makeTmp();
      return call();
    }
  }

  /** MinIO moves `tmp` away when it starts, and a new drive has none; an empty mount point has none either. */
  #makeTmp(): void {
    this.root.check(true);
    for (const path of [dirname(this.root.tmp), this.root.tmp]) {
      try {
        mkdirSync(path);
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
    }
  }
}
