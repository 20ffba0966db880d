import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { customerKey, refuseEncryption, refuseEncryptionOnRead } from '../../src/s3/encryption.js';
import { parseTarget } from '../../src/s3/query.js';

const KEY = Buffer.alloc(32, 9);
const GOOD = { algorithm: 'AES256', key: KEY.toString('base64'), 'key-md5': createHash('md5').update(KEY).digest('base64') };

function requestWith(headers: Record<string, string>, isSecure = true) {
  const socket = isSecure ? (Object.create(TLSSocket.prototype) as Socket) : new Socket();
  return { method: 'GET', target: parseTarget('/bucket/key'), message: { headers, socket } as unknown as IncomingMessage };
}

function named(values: Record<string, string>, prefix = 'x-amz-server-side-encryption-customer-'): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

describe('the key of a customer', () => {
  it('is taken from its three headers, of the object and of the source of a copy', () => {
    expect(Buffer.from(customerKey(requestWith(named(GOOD)))!).equals(KEY)).toBe(true);
    const source = requestWith(named(GOOD, 'x-amz-copy-source-server-side-encryption-customer-'));
    expect(Buffer.from(customerKey(source, 'source')!).equals(KEY)).toBe(true);
    expect(customerKey(source)).toBeUndefined();
    expect(customerKey(requestWith({}))).toBeUndefined();
  });

  it.each([
    [{ ...GOOD, algorithm: 'AES128' }, 'encryption algorithm'],
    [{ algorithm: 'AES256', 'key-md5': GOOD['key-md5'] }, 'secret key'],
    [{ algorithm: 'AES256', key: GOOD.key }, 'MD5'],
    [{ ...GOOD, key: Buffer.alloc(16).toString('base64') }, 'invalid for the specified algorithm'],
    [{ ...GOOD, 'key-md5': createHash('md5').update('other').digest('base64') }, 'did not match'],
    [{ ...GOOD, 'key-md5': 'c2hvcnQ=' }, 'did not match'],
  ])('is refused where something of it is wrong: %o', (headers, message) => {
    expect(() => customerKey(requestWith(named(headers as Record<string, string>)))).toThrow(expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(message) as string }));
  });

  it('is not taken from a line that others can listen to', () => {
    expect(() => customerKey(requestWith(named(GOOD), false))).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });
});

describe('encryption that cannot be given', () => {
  it('is refused for new objects, whichever header asks for it, and so are keys for a source that is not there', () => {
    for (const headers of [{ 'x-amz-server-side-encryption': 'AES256' }, { 'x-amz-server-side-encryption-aws-kms-key-id': 'k' }, named(GOOD)]) {
      expect(() => refuseEncryption(requestWith(headers))).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
    }
    const source = named(GOOD, 'x-amz-copy-source-server-side-encryption-customer-');
    expect(() => refuseEncryption(requestWith(source))).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
    expect(() => refuseEncryption(requestWith({ ...source, 'x-amz-copy-source': 'a/b' }))).not.toThrow();
  });

  it('is no parameter of a read', () => {
    expect(() => refuseEncryptionOnRead(requestWith({ 'x-amz-server-side-encryption': 'AES256' }))).toThrow(expect.objectContaining({ code: 'BadRequest' }));
    expect(() => refuseEncryptionOnRead(requestWith({}))).not.toThrow();
  });
});
