/** Conditional requests (RFC 9110, 13) as S3 reads them. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { clientSize } from '../content/index.js';
import type { ObjectInfo, VersionInfo } from '../store/index.js';
import { S3Error } from './errors.js';
import { etagOf, modTimeMs } from './metadata.js';
import { presented } from './presented.js';
import type { RawRequest, Room, S3Request } from './request.js';

type ReadVerdict = 'proceed' | 'not-modified' | 'failed';

interface Validators {
  readonly etag: string;
  readonly modTimeMs: number;
}

/** @param prefix `x-amz-copy-source-` for the conditions on a copy's source. */
export function judgeRead(headers: IncomingHttpHeaders, object: Validators, prefix = ''): ReadVerdict {
  const ifMatch = text(headers, `${prefix}if-match`);
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) return 'failed';
  } else {
    const since = date(headers, `${prefix}if-unmodified-since`);
    if (since !== undefined && wholeSeconds(object.modTimeMs) > since) return 'failed';
  }
  const ifNoneMatch = text(headers, `${prefix}if-none-match`);
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag) ? 'not-modified' : 'proceed';
  const since = date(headers, `${prefix}if-modified-since`);
  return since !== undefined && wholeSeconds(object.modTimeMs) <= since ? 'not-modified' : 'proceed';
}

export function validators(info: ObjectInfo): Validators {
  return { etag: etagOf(info), modTimeMs: modTimeMs(info) };
}

/**
 * The precondition of a write (If-Match, If-None-Match), to be called with the current object under its lock; undefined
 * where the request has none.
 */
export function writePrecondition(room: Room, request: S3Request): ((current: ObjectInfo | undefined) => void) | undefined {
  const { headers } = request.message;
  const ifMatch = text(headers, 'if-match');
  const ifNoneMatch = text(headers, 'if-none-match');
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return (stored) => {
    const current = stored && presented(room, request.bucket, stored);
    if (ifMatch !== undefined) {
      if (!current) throw new S3Error('NoSuchKey');
      if (!matches(ifMatch, etagOf(current))) throw failed('If-Match');
    }
    if (ifNoneMatch !== undefined && current && matches(ifNoneMatch, etagOf(current))) throw failed('If-None-Match');
  };
}

/** The conditions of one deletion: of DeleteObject's headers, or of an entry of DeleteObjects. */
export interface DeleteConditions {
  readonly etag: string | undefined;
  readonly modTimeMs: number | undefined;
  readonly size: number | undefined;
}

export function headerDeleteConditions(request: RawRequest): DeleteConditions {
  const { headers } = request.message;
  const size = text(headers, 'x-amz-if-match-size');
  return {
    etag: text(headers, 'if-match'),
    modTimeMs: date(headers, 'x-amz-if-match-last-modified-time'),
    size: size === undefined ? undefined : Number(size),
  };
}

export function isConditional(conditions: DeleteConditions): boolean {
  return conditions.etag !== undefined || conditions.modTimeMs !== undefined || conditions.size !== undefined;
}

/** @throws S3Error PreconditionFailed */
export function checkDelete(conditions: DeleteConditions, current: VersionInfo | undefined): void {
  if (!isConditional(conditions)) return;
  // What is not there is deleted already, whatever it should have been.
  if (!current) return;
  // A delete marker has neither etag nor size; that something is there it does fulfil.
  if (current.kind !== 'object') {
    if (conditions.etag === '*' && conditions.modTimeMs === undefined && conditions.size === undefined) return;
    throw failed('If-Match');
  }
  if (conditions.etag !== undefined && !matches(conditions.etag, etagOf(current))) throw failed('If-Match');
  if (conditions.modTimeMs !== undefined && wholeSeconds(modTimeMs(current)) !== wholeSeconds(conditions.modTimeMs)) {
    throw failed('x-amz-if-match-last-modified-time');
  }
  if (conditions.size !== undefined && clientSize(current) !== conditions.size) throw failed('x-amz-if-match-size');
}

export function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { fields: { Condition: condition } });
}

function matches(list: string, etag: string): boolean {
  for (const item of list.split(',')) {
    const trimmed = item.trim();
    if (trimmed === '*' || stripEtag(trimmed) === etag) return true;
  }
  return false;
}

/** Without quotes and without the mark of a weak one. */
export function stripEtag(etag: string): string {
  const strong = etag.startsWith('W/') ? etag.slice(2) : etag;
  return strong.length >= 2 && strong.startsWith('"') && strong.endsWith('"') ? strong.slice(1, -1) : strong;
}

function text(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** A date that cannot be read does not count. */
function date(headers: IncomingHttpHeaders, name: string): number | undefined {
  const value = text(headers, name);
  const ms = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** HTTP's dates have no fractions. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
