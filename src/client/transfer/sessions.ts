/**
 * What is kept of a large transfer under way, so that the same command goes on where a crash, a kill or a lost network
 * stopped it: one small file per transfer in `<config folder>/transfers/`.
 *
 * The file is JSON lines. The first line says what is transferred (`SessionHead`); each further line is one finished part
 * (`SessionPart`). A last line that was cut off by the crash is ignored.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync, appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** What makes two transfers the same: the same bytes going to the same place. */
export interface SessionKey {
  readonly kind: 'upload' | 'download';
  /** Absolute path or URL (with version) of the source. */
  readonly source: string;
  readonly target: string;
  readonly sizeBytes: number;
  /** ETag, or mod time in milliseconds: changes when the source changes. */
  readonly stamp: string;
  readonly partSizeBytes: number;
}

interface SessionHead extends SessionKey {
  /** The process at work; while it lives nobody else continues the session. */
  readonly pid: number;
  /** Uploads: the multipart upload on the server. Downloads: empty. */
  readonly uploadId: string;
}

/** A finished part: MD5 of its bytes in hex; for uploads also what the server called it. */
interface SessionPart {
  readonly number: number;
  readonly md5: string;
  readonly etag: string;
  readonly checksum: Readonly<Record<string, string>>;
}

/** An open session. All writes are synchronous: they are short, and must not be lost to a kill right after a part. */
export class Session {
  constructor(
    private readonly path: string,
    readonly uploadId: string,
    readonly parts: ReadonlyMap<number, SessionPart>,
  ) {}

  add(part: SessionPart): void {
    appendFileSync(this.path, `${JSON.stringify(part)}\n`);
  }

  /** The transfer is complete or given up. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}

export class SessionStore {
  constructor(private readonly folder: string) {}

  #path(key: SessionKey): string {
    const identity = [key.kind, key.source, key.target, key.sizeBytes, key.stamp, key.partSizeBytes];
    return join(this.folder, `${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)}.jsonl`);
  }

  /**
   * The session that an earlier process left, now owned by this one; undefined when there is none.
   * `busy` when its process is still at work: then leave its temporary files alone.
   */
  resume(key: SessionKey): Session | 'busy' | undefined {
    const path = this.#path(key);
    const [head, ...parts] = readLines(path);
    if (!isHead(head)) return undefined;
    if (head.pid !== process.pid && isAlive(head.pid)) return 'busy';
    const finished = new Map(parts.filter(isPart).map((part) => [part.number, part]));
    this.#write(path, { ...head, pid: process.pid }, finished.values());
    return new Session(path, head.uploadId, finished);
  }

  /** Starts a session, replacing what was kept of an earlier one. */
  create(key: SessionKey, uploadId: string): Session {
    const path = this.#path(key);
    this.#write(path, { ...key, pid: process.pid, uploadId }, []);
    return new Session(path, uploadId, new Map());
  }

  #write(path: string, head: SessionHead, parts: Iterable<SessionPart>): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const text = [head, ...parts].map((line) => `${JSON.stringify(line)}\n`).join('');
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  }
}

function readLines(path: string): unknown[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const lines: unknown[] = [];
  for (const line of text.split('\n')) {
    try {
      if (line !== '') lines.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  return lines;
}

function isHead(value: unknown): value is SessionHead {
  const head = value as Partial<SessionHead> | null | undefined;
  return typeof head === 'object' && typeof head?.pid === 'number' && typeof head.uploadId === 'string';
}

function isPart(value: unknown): value is SessionPart {
  const part = value as Partial<SessionPart> | null;
  return (
    typeof part === 'object' &&
    Number.isInteger(part?.number) &&
    /^[0-9a-f]{32}$/.test(part?.md5 ?? '') &&
    typeof part?.etag === 'string' &&
    typeof part.checksum === 'object'
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
