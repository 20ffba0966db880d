/** Which events of a trace are wanted; the server filters by type, failure and duration only. */
import { matchesWildcard } from '../wildcard.js';
import type { TraceLine } from './types.js';

export interface TraceFilter {
  readonly statusCodes?: readonly number[] | undefined;
  readonly methods?: readonly string[] | undefined;
  /** With or without `s3.`; wildcards allowed. */
  readonly functions?: readonly string[] | undefined;
  /** Wildcards allowed; a name without one matches what begins with it. */
  readonly paths?: readonly string[] | undefined;
  readonly nodes?: readonly string[] | undefined;
  /** `name:value`, the value a wildcard. */
  readonly requestHeaders?: readonly string[] | undefined;
  /** `name=value`, the value a wildcard. */
  readonly requestQueries?: readonly string[] | undefined;
}

export function isWanted(line: TraceLine, filter: TraceFilter): boolean {
  const { http } = line;
  const any = <T>(wanted: readonly T[] | undefined, test: (one: T) => boolean): boolean => wanted === undefined || wanted.length === 0 || wanted.some(test);
  return (
    any(filter.statusCodes, (code) => http?.response.statuscode === code) &&
    any(filter.methods, (method) => http?.request.method.toUpperCase() === method.toUpperCase()) &&
    any(filter.functions, (name) => matchesWildcard(name.toLowerCase(), line.funcname.toLowerCase()) || matchesWildcard(name.toLowerCase(), line.funcname.replace(/^\w+\./, '').toLowerCase())) &&
    any(filter.paths, (path) => matchesWildcard(/[*?]/.test(path) ? path : `${path}*`, line.path.replace(/^\//, '')) || matchesWildcard(/[*?]/.test(path) ? path : `${path}*`, line.path)) &&
    any(filter.nodes, (node) => line.nodename === node) &&
    any(filter.requestHeaders, (pair) => hasPair(pair, ':', (name) => Object.entries(http?.request.headers ?? {}).find(([header]) => header.toLowerCase() === name.toLowerCase())?.[1].join(','))) &&
    any(filter.requestQueries, (pair) => hasPair(pair, '=', (name) => new URLSearchParams(http?.request.rawquery ?? '').get(name) ?? undefined))
  );
}

function hasPair(pair: string, separator: string, valueOf: (name: string) => string | undefined): boolean {
  const at = pair.indexOf(separator);
  const [name, wanted] = at < 0 ? [pair, '*'] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  const value = valueOf(name);
  return value !== undefined && matchesWildcard(wanted, value);
}
