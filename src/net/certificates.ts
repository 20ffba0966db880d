/** TLS key and certificate from a folder, as MinIO keeps them: `public.crt` and `private.key`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

import { UsageError } from '../base/index.js';

export interface Certificate {
  /** PEM. */
  readonly cert: Buffer;
  /** PEM. */
  readonly key: Buffer;
}

/** The certificate in a folder; undefined where it has neither file. Throws a UsageError where it has one of them only, or they do not fit. */
export async function loadCertificate(folder: string): Promise<Certificate | undefined> {
  const certPath = join(folder, 'public.crt');
  const keyPath = join(folder, 'private.key');
  const [cert, key] = await Promise.all([readIfThere(certPath), readIfThere(keyPath)]);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError(`${folder} has ${cert === undefined ? 'private.key but no public.crt' : 'public.crt but no private.key'}`, 'put both files there for TLS, or neither for plain http');
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new UsageError(
      `${certPath} and ${keyPath} cannot be used for TLS: ${error instanceof Error ? error.message : String(error)}`,
      'both must be PEM files, the key without a password and of the certificate that comes first in public.crt',
    );
  }
  return { cert, key };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'let the user that runs the server read it');
  }
}
