/** The links that `share` made, kept in mc's files share/downloads.json and share/uploads.json until they expire. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ShareLink {
  /** The presigned URL, or the curl command of an upload. */
  readonly share: string;
  /** The object's plain URL. */
  readonly url: string;
  readonly versionId: string;
  readonly createdAt: Date;
  readonly expiryMs: number;
  readonly contentType?: string | undefined;
}

interface StoredLink {
  share: string;
  versionID: string;
  date: string;
  /** Nanoseconds. */
  expiry: number;
  contentType?: string;
}

/** Milliseconds that a link is still good for. */
export const timeLeftMs = (link: ShareLink, nowMs: number): number => link.createdAt.getTime() + link.expiryMs - nowMs;

export class ShareLinks {
  readonly #file: string;

  constructor(configDir: string, kind: 'download' | 'upload') {
    this.#file = join(configDir, 'share', `${kind}s.json`);
  }

  /** Those that still work, oldest first. */
  list(nowMs: number): ShareLink[] {
    if (!existsSync(this.#file)) return [];
    const { shares } = JSON.parse(readFileSync(this.#file, 'utf8')) as { shares?: Record<string, StoredLink> };
    return Object.entries(shares ?? {})
      .map(([share, stored]): ShareLink => ({
        share, url: stored.share, versionId: stored.versionID, createdAt: new Date(stored.date), expiryMs: stored.expiry / 1e6, contentType: stored.contentType,
      }))
      .filter((link) => timeLeftMs(link, nowMs) > 0)
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  /** Adds links and forgets the expired ones. */
  add(links: readonly ShareLink[], nowMs: number): void {
    const shares = Object.fromEntries(
      [...this.list(nowMs), ...links].map(({ share, url, versionId, createdAt, expiryMs, contentType }): [string, StoredLink] => [
        share,
        { share: url, versionID: versionId, date: createdAt.toISOString(), expiry: expiryMs * 1e6, ...(contentType === undefined ? {} : { contentType }) },
      ]),
    );
    mkdirSync(join(this.#file, '..'), { recursive: true, mode: 0o700 });
    const fresh = `${this.#file}.${process.pid}.new`;
    writeFileSync(fresh, JSON.stringify({ version: '1', shares }, undefined, '\t'), { mode: 0o600 });
    renameSync(fresh, this.#file);
  }
}
