/** Every parser that reads bytes of clients, fed with mutations of good input from a seed: it may refuse, never crash or hang. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/s3/auth.js';
import { S3Error } from '../../src/s3/errors.js';
import { parseTarget } from '../../src/s3/query.js';
import { SigningKeys } from '../../src/s3/sigv4/signing-key.js';
import { ChunkParser } from '../../src/s3/sigv4/chunk-parser.js';
import { parseXml } from '../../src/s3/xml/reader.js';
import { ACCESS_KEY, NOW_MS, SECRET_KEY } from './door-fixture.js';
import { encodeChunks, presign, sign } from './requester.js';

const ROUNDS = 100_000;
// Most rounds end in an error; its stack is of no use and would cost half of the time.
Error.stackTraceLimit = 0;

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function mutate(original: Buffer, random: () => number, tokens: readonly string[]): Buffer {
  let bytes = original;
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const at = Math.floor(random() * (bytes.length + 1));
    const kind = Math.floor(random() * 5);
    if (kind === 0) {
      bytes = Buffer.from(bytes);
      if (at < bytes.length) bytes[at] = Math.floor(random() * 256);
    } else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + Math.floor(random() * 20))]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(tokens[Math.floor(random() * tokens.length)] ?? ''), bytes.subarray(at)]);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(random() * bytes.length), Math.floor(random() * bytes.length)), bytes.subarray(at)]);
    else bytes = bytes.subarray(0, at);
  }
  return bytes;
}

/** Runs a parser over mutated input. @returns how often it accepted */
function fuzz(seed: number, samples: readonly Buffer[], tokens: readonly string[], parse: (bytes: Buffer, random: () => number) => void): number {
  const random = generator(seed);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sample = samples[round % samples.length];
    if (!sample) continue;
    const bytes = mutate(sample, random, tokens);
    try {
      parse(bytes, random);
      accepted++;
    } catch (error) {
      if (!(error instanceof S3Error) || error.status >= 500) throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
  }
  return accepted;
}

describe('mutated input', () => {
  it('of the XML reader is parsed or refused', () => {
    const samples = [
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object></Delete>',
      '<?xml version="1.0" encoding="UTF-8"?><CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part></CompleteMultipartUpload>',
      '<!-- c --><a:Tagging xmlns:a="b"><a:TagSet><![CDATA[<x>]]></a:TagSet></a:Tagging>',
    ].map((text) => Buffer.from(text));
    const tokens = ['<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', '&#0;', '&#xffffff;', '<a>', '</a>', '<![CDATA[', ']]>', '<?x ', '?>', '--', '"', "'", '<', '>', '\0', '\ufeff'];
    expect(fuzz(1, samples, tokens, (bytes) => parseXml(bytes))).toBeGreaterThan(100);
  });

  it('of the chunk decoder is decoded or refused, however it is cut', () => {
    const seed = sign({ method: 'PUT', target: '/b/k' });
    const signed = { signature: seed.signature, key: seed.key, amzDate: seed.amzDate, scope: seed.scope };
    const chunks = [Buffer.from('0123456789abcdef'), Buffer.from('xyz')];
    const plans = [
      { body: encodeChunks(seed, { chunks, isSigned: true }), encoding: { seed: signed, trailerNames: [], size: 19 } },
      { body: encodeChunks(seed, { chunks, isSigned: true, trailers: ['x-amz-checksum-crc32:AAAAAA=='] }), encoding: { seed: signed, trailerNames: ['x-amz-checksum-crc32'], size: 19 } },
      { body: encodeChunks(seed, { chunks, isSigned: false, trailers: ['x-amz-checksum-crc32:AAAAAA=='] }), encoding: { trailerNames: ['x-amz-checksum-crc32'], size: 19 } },
    ];
    let round = 0;
    const tokens = ['\r\n', '\n', '0', ';', ';chunk-signature=', 'ffffffffffff', '0\r\n\r\n', ':', 'x-amz-trailer-signature:'];
    const accepted = fuzz(2, plans.map(({ body }) => body), tokens, (bytes, random) => {
      const plan = plans[round++ % plans.length]!;
      const parser = new ChunkParser(plan.encoding);
      const cut = Math.floor(random() * bytes.length);
      const payload = [...parser.feed(bytes.subarray(0, cut)), ...parser.feed(bytes.subarray(cut))];
      parser.finish();
      // Whatever is accepted has the declared size; signed bytes are exactly the signed ones.
      const joined = Buffer.concat(payload);
      expect(joined.length).toBe(19);
      if (plan.encoding.seed) expect(joined.toString()).toBe('0123456789abcdefxyz');
    });
    expect(accepted).toBeGreaterThan(0);
  });

  it('of the signature parsers never passes for another request', () => {
    const good = sign({ method: 'GET', target: '/b/k' }).headers;
    const context = { nowMs: NOW_MS, region: 'us-east-1', keys: new SigningKeys(), lookup: (accessKey: string) => (accessKey === ACCESS_KEY ? { accessKey, secretKey: SECRET_KEY } : undefined) };
    const samples = [Buffer.from(good['authorization'] ?? ''), Buffer.from(presign({ method: 'GET', path: '/b/k' })), Buffer.from(`AWS ${ACCESS_KEY}:c2lnbmF0dXJl`)];
    const tokens = [',', '=', '/', ';', '&', '?', '%', '%00', 'Credential=', 'SignedHeaders=', 'Signature=', 'X-Amz-Signature=', 'aws4_request', '../'];
    let round = 0;
    fuzz(3, samples, tokens, (bytes) => {
      const text = bytes.toString('latin1');
      const isUrl = round++ % samples.length === 1;
      const headers = isUrl ? { host: '127.0.0.1' } : { ...good, authorization: text };
      const rawHeaders = Object.entries(headers).flat();
      const message = { headers, rawHeaders } as unknown as IncomingMessage;
      const target = parseTarget(isUrl ? `/${text.replace(/^\/+/, '')}` : '/b/k');
      const { identity } = authenticate({ message, method: 'GET', target }, context);
      expect(identity.accessKey).toBe(ACCESS_KEY);
      // A mutation that is accepted asks for the very same thing.
      expect([target.bucket, target.key]).toEqual(['b', 'k']);
    });
  });
});
