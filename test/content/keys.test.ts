import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clientEtag, encryptionKind, parseKmsKey } from '../../src/content/index.js';
import { hchacha20 } from '../../src/content/hchacha20.js';
import { contextText } from '../../src/content/kms.js';
import { openObjectKey, partKey } from '../../src/content/object-key.js';

const PREFIX = 'X-Minio-Internal-Server-Side-Encryption-';
const kms = parseKmsKey('fixture-key:txzKly1rl+GFyrwtsAefaZz/0DoVZUeLv8W4HAcwQi4=');
const dataKeyText = '++VeMBriz+Znqvxhb8pk/CMJXSsmNk5B/vhmWfQnEaRmw/Ph351yJYZ29Xu25n1L9CQ8NU68fK00lbb/RFIVnOh2e8AkGyRj3kd9Ww==';
const name = { bucket: 'lsdgys-sealed', key: 's3-100' };
const metaSys = new Map(
  Object.entries({
    'Seal-Algorithm': 'DAREv2-HMAC-SHA256',
    Iv: 'vEulrPSk2RcPU1vzHeG0yYiHd61aGtyr/zL/W8mCsXs=',
    'S3-Sealed-Key': 'IAAfAMTm0DYX2VNCw0/+//VytoFIarY97o2iYUxu9Cwn95ll4RC1elXTqQh2vOnLTokuHGmTu00OL//5ZqDYbA==',
    'S3-Kms-Key-Id': 'fixture-key',
    'S3-Kms-Sealed-Key': dataKeyText,
  }).map(([key, value]) => [PREFIX + key, Buffer.from(value)] as const),
);

describe('the key of an object that a MinIO server encrypted', () => {
  it('opens with the KMS key, and so do its etag and the keys of its parts', () => {
    expect(encryptionKind(metaSys)).toBe('SSE-S3');
    expect(kms.openDataKey(Buffer.from(dataKeyText, 'base64'), { 'lsdgys-sealed': 'lsdgys-sealed/s3-100' }).toString()).toBe(Buffer.from('b20a9bf700d5f808ef910d9104a846ac752dbadfa3baf5f804744a2f60d53b8f', 'hex').toString());
    const key = openObjectKey('SSE-S3', metaSys, name, { kms });
    expect(Buffer.from(key).toString('hex')).toBe('8c1a997a481c832453b027a18db76c59d576530a26c177ca5051ef6c3158f407');
    expect(Buffer.from(partKey(key, 1)).toString('hex')).toBe('2b30a9b33975b8f64349c2ee0937bc6485a9a019b79c94c3edc3f002fe44061d');
    const metaUser = new Map([['etag', '20000f00ce91c69b3d27c7b71182472be4fb730f03b11a30bb2ec27b7e5cdfca74fef847c541ab4fe7618915562b0b4b']]);
    expect(clientEtag({ metaSys, metaUser }, name, { kms })).toBe('4ce3628a008130227b08f102d1274ee3');
    expect(clientEtag({ metaSys, metaUser }, name, {})).toBe('74fef847c541ab4fe7618915562b0b4b');
  });

  it('does not open without the KMS key, with another, or under another name', () => {
    expect(() => openObjectKey('SSE-S3', metaSys, name, {})).toThrow(expect.objectContaining({ code: 'kms-key-missing', message: expect.stringContaining('MINIO_KMS_SECRET_KEY is not set') as string }));
    const other = parseKmsKey(`other:${randomBytes(32).toString('base64')}`);
    expect(() => openObjectKey('SSE-S3', metaSys, name, { kms: other })).toThrow(expect.objectContaining({ code: 'kms-key-missing', message: expect.stringContaining('holds the key "other"') as string }));
    const namesake = parseKmsKey(`fixture-key:${randomBytes(32).toString('base64')}`);
    expect(() => openObjectKey('SSE-S3', metaSys, name, { kms: namesake })).toThrow(expect.objectContaining({ code: 'key-wrong' }));
    expect(() => openObjectKey('SSE-S3', metaSys, { ...name, key: 'moved' }, { kms })).toThrow(expect.objectContaining({ code: 'key-wrong' }));
  });

  it('is refused where its metadata is not whole', () => {
    for (const lacking of ['Iv', 'S3-Kms-Sealed-Key']) {
      const partial = new Map([...metaSys].filter(([key]) => key !== PREFIX + lacking));
      expect(() => openObjectKey('SSE-S3', partial, name, { kms }), lacking).toThrow(expect.objectContaining({ code: 'content-corrupt' }));
    }
    expect(() => openObjectKey('SSE-S3', new Map([...metaSys, [`${PREFIX}Seal-Algorithm`, Buffer.from('ROT13')]]), name, { kms })).toThrow(expect.objectContaining({ code: 'content-unknown' }));
    expect(() => encryptionKind(new Map([[`${PREFIX}Iv`, Buffer.from('')]]))).toThrow(expect.objectContaining({ code: 'content-unknown' }));
  });
});

describe('the KMS key', () => {
  it('opens the documents of earlier releases, with either cipher', () => {
    const master = randomBytes(32);
    const key = parseKmsKey(`k:${master.toString('base64')}`);
    const [iv, nonce, plain] = [randomBytes(16), randomBytes(12), randomBytes(32)];
    const context = { bucket: 'bucket/<key> & more' };
    const forms = [
      ['AES-256-GCM-HMAC-SHA-256', () => createCipheriv('aes-256-gcm', createHmac('sha256', master).update(iv).digest(), nonce, { authTagLength: 16 })],
      ['ChaCha20Poly1305', () => createCipheriv('chacha20-poly1305', hchacha20(master, iv), nonce, { authTagLength: 16 })],
    ] as const;
    for (const [aead, make] of forms) {
      const sealer = make();
      sealer.setAAD(Buffer.from('{"bucket":"bucket/\\u003ckey\\u003e \\u0026 more"}'), { plaintextLength: 32 });
      const bytes = Buffer.concat([sealer.update(plain), sealer.final(), sealer.getAuthTag()]);
      const document = JSON.stringify({ aead, id: 'k', iv: iv.toString('base64'), nonce: nonce.toString('base64'), bytes: bytes.toString('base64') });
      expect(Buffer.from(key.openDataKey(Buffer.from(document), context)).equals(plain), aead).toBe(true);
      expect(() => key.openDataKey(Buffer.from(document), { bucket: 'bucket/other' })).toThrow(expect.objectContaining({ code: 'key-wrong' }));
    }
  });

  it('is written as Go writes it, names in order', () => {
    expect(contextText({ b: '1', a: 'q"\\\n\t\u0001é\u2028', A: '' })).toBe('{"A":"","a":"q\\"\\\\\\n\\t\\u0001é\\u2028","b":"1"}');
    expect(contextText({})).toBe('{}');
  });

  it('that is none is named by its variable', () => {
    for (const text of ['', 'name', 'name:', `:${'A'.repeat(43)}=`, 'name:c2hvcnQ=']) expect(() => parseKmsKey(text), text).toThrow(/MINIO_KMS_SECRET_KEY/);
  });
});

it('HChaCha20 gives the vector of its draft', () => {
  const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
  expect(Buffer.from(hchacha20(key, Buffer.from('000000090000004a0000000031415927', 'hex'))).toString('hex')).toBe('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc');
});
