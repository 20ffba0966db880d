/** The signature check for other doors beside this one: who asks, for what, and with which body. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/index.js';
import { authenticate } from './auth.js';
import { payloadKind, RequestBody } from './body.js';
import { refuseRepeatedHeaders } from './headers.js';
import { parseTarget, type RequestTarget } from './query.js';
import type { Identity } from './request.js';
import { SigningKeys } from './sigv4/signing-key.js';

interface AuthenticatorOptions {
  /** Undefined for an access key that does not exist. */
  readonly lookup: (accessKey: string) => Identity | undefined;
  readonly clock: Clock;
}

export interface SignedRequest {
  readonly identity: Identity;
  readonly target: RequestTarget;
  readonly body: RequestBody;
}

/**
 * Gives a check of one request. Any region is accepted, the empty one of MinIO's admin clients too, as long as it was
 * signed with. The check throws S3Errors.
 */
export function createAuthenticator(options: AuthenticatorOptions): (message: IncomingMessage, response: ServerResponse) => SignedRequest {
  const keys = new SigningKeys();
  return (message, response) => {
    const target = parseTarget(message.url ?? '/');
    const raw = { message, method: message.method ?? '', target };
    refuseRepeatedHeaders(raw);
    const verified = authenticate(raw, { nowMs: options.clock.now(), region: '', keys, lookup: options.lookup });
    return { identity: verified.identity, target, body: new RequestBody(message, response, payloadKind(verified)) };
  };
}
