/** Who asks? One of four ways to sign a request, or AccessDenied: nobody is served without a signature. */
import { S3Error } from './errors.js';
import { header, type RawRequest } from './request.js';
import { ALGORITHM } from './sigv4/scope.js';
import { verifyHeader, verifyPresigned, type AuthContext, type Verified } from './sigv4/verify.js';
import { verifyHeaderV2, verifyPresignedV2 } from './sigv2.js';

/** @throws S3Error AccessDenied, SignatureDoesNotMatch, RequestTimeTooSkewed, InvalidAccessKeyId, and those of malformed requests */
export function authenticate(request: RawRequest, context: AuthContext): Verified {
  const { query } = request.target;
  if (header(request, 'x-amz-security-token') !== undefined || query.has('X-Amz-Security-Token')) throw new S3Error('InvalidTokenId');
  const authorization = request.message.headers.authorization;
  const isPresigned = query.has('X-Amz-Signature') || query.has('X-Amz-Credential') || query.has('X-Amz-Algorithm');
  const isPresignedV2 = query.has('AWSAccessKeyId') || query.has('Signature');
  if (authorization !== undefined) {
    if (isPresigned || isPresignedV2) throw new S3Error('InvalidArgument', 'Only one way of signing a request is allowed.');
    return verifyAuthorization(request, authorization, context);
  }
  if (isPresigned) return verifyPresigned(request, context);
  if (isPresignedV2) return verifyPresignedV2(request, context);
  throw new S3Error('AccessDenied');
}

function verifyAuthorization(request: RawRequest, authorization: string, context: AuthContext): Verified {
  if (authorization.startsWith(ALGORITHM)) return verifyHeader(request, authorization, context);
  if (authorization.startsWith('AWS ')) return verifyHeaderV2(request, authorization, context);
  if (authorization === '') throw new S3Error('AccessDenied');
  throw new S3Error('InvalidRequest', `The authorization mechanism that you have provided is not supported. Use ${ALGORITHM}.`);
}
