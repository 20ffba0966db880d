/** Finds out whether keys work, before they are stored. */
import type { Alias } from './alias-config.js';
import { isS3Error } from './errors.js';
import type { Session } from './session.js';

/**
 * Asks for the location of a bucket that no one has: "no such bucket" comes only after the signature was accepted.
 * @returns the alias with the first signature version that works. Throws what the first one met, when none does.
 */
export async function probeAlias(session: Session, alias: Alias, versions: readonly Alias['api'][]): Promise<Alias> {
  const bucket = `probe-bsign-${Math.random().toString(36).slice(2, 14)}`;
  const failures: unknown[] = [];
  for (const api of versions) {
    const candidate = { ...alias, api };
    try {
      await session.s3Of(candidate).locationOf(bucket);
      return candidate;
    } catch (error) {
      if (isS3Error(error) && (error.code === 'NoSuchBucket' || (error.code === 'AccessDenied' && alias.accessKey === ''))) return candidate;
      // Keys that may not look at strange buckets are still good keys; a wrong signature has codes of its own.
      if (isS3Error(error, 'AccessDenied') && api === 's3v4') return candidate;
      if (!isS3Error(error)) throw error;
      failures.push(error);
    }
  }
  throw failures[0];
}
