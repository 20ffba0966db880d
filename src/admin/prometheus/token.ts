/** Who may read the metrics: a JSON Web Token signed with an identity's secret key, as `mc admin prometheus generate` makes. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error, type Identity } from '../../s3/index.js';

const ISSUER = 'prometheus';

/** @throws S3Error AccessDenied */
export function checkMetricsToken(authorization: string | undefined, lookup: (accessKey: string) => Identity | undefined, nowMs: number): void {
  const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? '');
  const [, head = '', claims = '', signature = ''] = token ?? [];
  const { alg } = parse(head);
  const { iss, sub, exp } = parse(claims);
  const identity = typeof sub === 'string' ? lookup(sub) : undefined;
  // The algorithm is fixed: a token that names another ("none") proves nothing.
  if (identity === undefined || alg !== 'HS512' || iss !== ISSUER || typeof exp !== 'number' || exp * 1000 < nowMs) throw refused();
  const expected = createHmac('sha512', identity.secretKey).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused();
}

function refused(): S3Error {
  return new S3Error('AccessDenied', 'Metrics need a token: make one with `mts admin prometheus generate ALIAS`.');
}

function parse(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
