/** Request line and headers -> a named operation. Pure: nothing is looked up, nothing is read. */
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.js';
import { operations, SUBRESOURCES, type Level, type OperationName } from './operations.js';
import type { RequestTarget } from './query.js';

type Candidates = readonly (typeof operations)[number][];
const byLevelAndMethod = new Map<string, Candidates>();
for (const row of operations) {
  const name = `${row.level} ${row.method}`;
  byLevelAndMethod.set(name, [...(byLevelAndMethod.get(name) ?? []), row]);
}

/** @throws S3Error MethodNotAllowed, NotImplemented */
export function route(method: string, target: RequestTarget, headers: IncomingHttpHeaders): OperationName {
  const level: Level = target.bucket === '' ? 'service' : target.key === '' ? 'bucket' : 'object';
  const candidates = byLevelAndMethod.get(`${level} ${method}`) ?? [];
  const { query } = target;
  for (const row of candidates) {
    if (row.header !== undefined && headers[row.header] === undefined) continue;
    if (row.query?.some((name) => !query.has(name))) continue;
    if (row.equals && query.get(row.equals[0]) !== row.equals[1]) continue;
    if (row.query === undefined) refuseOtherSubresource(level, target);
    return row.operation;
  }
  if (candidates.length > 0 || method === 'POST') {
    // A form upload, a select, a restore: known to S3, not to this server.
    throw new S3Error('NotImplemented');
  }
  throw new S3Error('MethodNotAllowed');
}

function refuseOtherSubresource(level: Level, target: RequestTarget): void {
  for (const [name] of target.query.pairs) {
    if (SUBRESOURCES[level].has(name)) throw new S3Error('NotImplemented', `The sub-resource '${name}' is not implemented for this request.`);
  }
}
