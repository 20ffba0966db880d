/** A drive argument's form: a path, or a URL with nothing in it but scheme, host, port and path. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';

import { UsageError } from '../base/index.js';

export interface DriveUrl {
  readonly scheme: 'http' | 'https';
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string;
  /** undefined where the URL names none: the port that this server listens on. */
  readonly port: number | undefined;
  readonly path: string;
}

const EXAMPLE = 'write for instance http://host:9000/mnt/drive1';

export function isUrl(drive: string): boolean {
  return drive.includes('://');
}

/** Throws a UsageError where the argument is no folder of its own. */
export function pathOf(drive: string): string {
  const [host = ''] = drive.split(/[:/]/, 1);
  if (isIP(host) !== 0 || isIP(drive) !== 0) {
    throw new UsageError(`"${drive}" begins with an address, but is missing scheme http or https`, `write http://${drive} or https://${drive}; for a folder of that name, write ./${drive}`);
  }
  const path = drive === '' ? '/' : resolve(drive);
  if (path === '/') throw new UsageError(`"${drive}" cannot be a drive: an empty or root endpoint is not supported`, 'name a folder of its own, for instance /mnt/drive1');
  return path;
}

/** Throws a UsageError that says what is wrong with the URL; never one that shows a password. */
export function parseDriveUrl(drive: string): DriveUrl {
  if (/^[a-z]+:\/\/[^/]*@/.test(drive) || /[?#]/.test(drive)) {
    throw new UsageError('invalid URL endpoint format: a drive URL holds a user, a query or a fragment', 'a drive is scheme, host, port and path only, for instance http://host:9000/mnt/drive1');
  }
  const port = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*):([^/]*)/.exec(drive)?.[1];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new UsageError(`"${drive}": invalid URL endpoint format: the port "${port}" is not a number from 1 to 65535`, EXAMPLE);
  }
  if (!/^https?:\/\//.test(drive)) throw new UsageError(`"${drive}": invalid URL endpoint format: it is neither an http nor an https URL`, EXAMPLE);
  if (/^https?:\/\/(?:[:/]|$)/.test(drive)) throw new UsageError(`"${drive}": invalid URL endpoint format: empty host name`, EXAMPLE);
  if (!URL.canParse(drive)) throw new UsageError(`"${drive}": invalid URL endpoint format: the host is malformed`, EXAMPLE);
  const url = new URL(drive);
  if (url.pathname === '' || /^\/+$/.test(url.pathname)) {
    throw new UsageError(`"${drive}": an empty or root path is not supported in URL endpoint`, 'name the folder, for instance http://host:9000/mnt/drive1');
  }
  // What URL leaves out because it is the scheme's default was meant when it was typed.
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return { scheme: url.protocol === 'https:' ? 'https' : 'http', host, port: port === undefined ? undefined : Number(port), path: resolve(decodePath(drive, url.pathname)) };
}

function decodePath(drive: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new UsageError(`"${drive}": invalid URL endpoint format: a % in the path is not followed by two hexadecimal digits`, 'write %25 for a percent sign');
  }
}
