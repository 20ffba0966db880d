/**
 * Changes below a local folder, as they happen: one inotify watch per directory, new directories included.
 */
import { watch, type FSWatcher } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file is reported once it was left alone for this long: editors and copies write in many steps. */
const SETTLE_MS = 300;

/** A name, relative to the watched folder, that appeared, changed or vanished (a whole directory may have). */
interface LocalChange {
  readonly name: string;
}

export class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #settling = new Map<string, NodeJS.Timeout>();
  readonly #ready: LocalChange[] = [];
  #wake = (): void => {};
  #isClosed = false;

  private constructor(private readonly root: string) {}

  /** Resolves when every directory is being watched: what changes afterwards is seen. */
  static async open(root: string): Promise<FolderWatch> {
    const watching = new FolderWatch(root);
    await watching.#addFolder('', false);
    return watching;
  }

  /** The changes, until the signal fires. */
  async *changes(signal: AbortSignal): AsyncGenerator<LocalChange> {
    const stop = (): void => this.#wake();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const change = this.#ready.shift();
        if (change) yield change;
        else await new Promise<void>((resume) => (this.#wake = resume));
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#watchers.clear();
  }

  /** Watches a directory and those below it; `isNew` reports the files found there too. */
  async #addFolder(name: string, isNew: boolean): Promise<void> {
    if (this.#isClosed || this.#watchers.has(name)) return;
    const path = join(this.root, name);
    try {
      const watcher = watch(path, (_event, file) => void this.#touched(name, file));
      watcher.on('error', () => this.#dropFolder(name));
      this.#watchers.set(name, watcher);
      for await (const entry of await opendir(path)) {
        const inside = join(name, entry.name);
        if (entry.isDirectory()) await this.#addFolder(inside, isNew);
        else if (isNew) this.#settle(inside);
      }
    } catch (error) {
      this.#dropFolder(name);
      if (name === '') throw error;
    }
  }

  #dropFolder(name: string): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folder !== name && !folder.startsWith(`${name}/`)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
  }

  async #touched(folder: string, file: string | null): Promise<void> {
    if (file === null || this.#isClosed) return;
    const name = join(folder, file);
    const stats = await stat(join(this.root, name)).catch(() => undefined);
    if (stats?.isDirectory()) {
      await this.#addFolder(name, true);
      return;
    }
    if (!stats && this.#watchers.has(name)) this.#dropFolder(name);
    this.#settle(name);
  }

  #settle(name: string): void {
    clearTimeout(this.#settling.get(name));
    const timer = setTimeout(() => {
      this.#settling.delete(name);
      this.#ready.push({ name });
      this.#wake();
    }, SETTLE_MS);
    this.#settling.set(name, timer);
  }
}
