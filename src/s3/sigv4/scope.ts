/** The credential of a version 4 signature, `<access key>/<yyyymmdd>/<region>/s3/aws4_request`, and SigV4's dates. */
import { S3Error } from '../errors.js';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

export interface CredentialScope {
  readonly accessKey: string;
  /** yyyymmdd */
  readonly date: string;
  readonly region: string;
  /** `<date>/<region>/s3/aws4_request`, as it is signed. */
  readonly scope: string;
}

/** Where a malformed part was sent, which decides what the error is called. */
export type AuthPlace = 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError';

/**
 * @param region the server's; an empty one accepts any.
 * @throws S3Error of code `place`
 */
export function parseCredentialScope(credential: string, region: string, place: AuthPlace): CredentialScope {
  const parts = credential.split('/');
  // An access key may itself hold slashes: count from the end.
  if (parts.length < 5) {
    throw new S3Error(place, 'The credential is malformed; expecting "<access key>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  }
  const [date = '', scopeRegion = '', service = '', terminal = ''] = parts.slice(-4);
  if (terminal !== 'aws4_request') throw new S3Error(place, 'The credential must end in "aws4_request".');
  if (service !== 's3') throw new S3Error(place, 'The credential names another service; this endpoint belongs to "s3".');
  if (!/^\d{8}$/.test(date)) throw new S3Error(place, 'The date of the credential must be in the format "yyyyMMdd".');
  if (region !== '' && scopeRegion !== region) {
    throw new S3Error(place, `The region '${scopeRegion}' is wrong; expecting '${region}'.`, { fields: { Region: region } });
  }
  const accessKey = parts.slice(0, -4).join('/');
  if (accessKey === '') throw new S3Error(place, 'The credential holds no access key.');
  return { accessKey, date, region: scopeRegion, scope: `${date}/${scopeRegion}/${service}/${terminal}` };
}

/** `yyyymmddThhmmssZ` as milliseconds since 1970; undefined where it is none. */
export function parseAmzDate(text: string): number | undefined {
  if (text.length !== 16 || text[8] !== 'T' || text[15] !== 'Z') return undefined;
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T${text.slice(9, 11)}:${text.slice(11, 13)}:${text.slice(13, 15)}Z`;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds since 1970 as `yyyymmddThhmmssZ`. */
export function formatAmzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
