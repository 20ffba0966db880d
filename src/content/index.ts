/**
 * content: the client's bytes of objects that MinIO keeps compressed or encrypted. It reads no drive: stored bytes are handed to it, and
 * it hands out what they stand for, with bounded memory. What it does not find out from metadata it is given: keys.
 */
export { Content } from './content.js';
export { clientEtag } from './etag.js';
export { clientSize, isTransformed, transformations } from './facts.js';
export { parseKmsKey, type KmsKey } from './kms.js';
export { encryptionKind, kmsContextText, kmsKeyName, type ContentKeys } from './object-key.js';
