import { describe, expect, it } from 'vitest';
import { isStorageError } from '../../src/base/index.js';
import { decodeFormatJson, encodeFormatJson, generationName, type FormatJson } from '../../src/format/index.js';
import { filesOf, FIXTURES_2025 } from './fixture-files.js';

const A = '0a9b6674-9fb5-4102-8f52-c6c9ab4af4f4';
const B = '8e5e0f2a-ea20-47f0-a049-00c1b74d33b2';
const C = '3b0fbc98-ce35-4414-a733-2f1fc03707d9';
const ID = '34985dc1-0b5b-41f9-9ce6-59a6b67f56ac';
const bytesOf = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const v3 = { version: '1', format: 'xl', id: ID, xl: { version: '3', this: A, sets: [[A, B]], distributionAlgo: 'SIPMOD+PARITY' } };

function refusal(value: unknown): string {
  try {
    decodeFormatJson(bytesOf(value));
  } catch (error) {
    if (isStorageError(error, 'metadata-corrupt')) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('format.json', () => {
  it('of every 2025 drive is read and written back to the same bytes', () => {
    for (const fixture of [...FIXTURES_2025, '2021-xl4']) {
      const files = filesOf(fixture).filter((file) => /drives\/d\d+\/\.minio\.sys\/format\.json$/.test(file.path));
      expect(files.length, fixture).toBeGreaterThan(0);
      for (const { path, bytes } of files) {
        const format = decodeFormatJson(bytes);
        expect(Buffer.from(encodeFormatJson(format)).toString(), path).toBe(Buffer.from(bytes).toString());
        expect(format.generation).toBe('xl 3');
        expect(format.isSingle).toBe(fixture === '2025-xl1');
        expect(format.sets.flat()).toContain(format.driveId);
      }
    }
  });

  it.each<[string, unknown, Partial<FormatJson>]>([
    ['FS of 2017', { version: '1', format: 'fs', fs: { version: '1' } }, { generation: 'fs 1', isSingle: true, deploymentId: '', driveId: '', sets: [] }],
    ['FS of 2020', { version: '1', format: 'fs', id: ID, fs: { version: '2' } }, { generation: 'fs 2', deploymentId: ID }],
    ['2017', { version: '1', format: 'xl', xl: { version: '1', disk: B, jbod: [A, B, C] } }, { generation: 'xl 1', driveId: B, sets: [[A, B, C]], algorithm: 'CRCMOD', deploymentId: '' }],
    ['2017 as 2025 expects it', { version: '1', format: 'xl', xl: { version: '1', drive: B, jbod: [A, B] } }, { generation: 'xl 1', driveId: B }],
    ['early 2018', { version: '1', format: 'xl', xl: { ...v3.xl, version: '2' } }, { generation: 'xl 2', deploymentId: '' }],
    ['2018, without a deployment id', { version: '1', format: 'xl', xl: { ...v3.xl, distributionAlgo: 'CRCMOD' } }, { generation: 'xl 3', deploymentId: '', algorithm: 'CRCMOD' }],
    ['2017 spoilt by 2025', { ...v3, id: '', xl: { ...v3.xl, this: '' } }, { generation: 'xl 3', deploymentId: '', driveId: '', sets: [[A, B]] }],
    ['a single drive', { ...v3, format: 'xl-single', xl: { ...v3.xl, sets: [[A]] } }, { isSingle: true, driveId: A }],
    ['several sets', { ...v3, xl: { ...v3.xl, sets: [[A], [B]] } }, { sets: [[A], [B]] }],
    ['unknown members', { ...v3, future: { x: [1] }, xl: { ...v3.xl, more: true } }, { driveId: A }],
    ['capital letters', JSON.stringify(v3).replaceAll(A, A.toUpperCase()), { driveId: A, sets: [[A, B]] }],
  ])('of %s is understood', (_, document, expected) => {
    const format = decodeFormatJson(bytesOf(document));
    expect(format).toMatchObject(expected);
    expect(generationName(format.generation)).toMatch(/20\d\d/);
  });

  it.each<[string, unknown, string]>([
    ['nothing', '', 'is empty'],
    ['half a document', JSON.stringify(v3).slice(0, 60), 'not JSON'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe]).toString('latin1') + '{', 'not JSON'],
    ['a list', [], 'not a JSON object'],
    ['null', null, 'not a JSON object'],
    ['another version', { ...v3, version: '2' }, 'version "2"'],
    ['another backend', { ...v3, format: 'zfs' }, 'backend "zfs"'],
    ['another erasure version', { ...v3, xl: { ...v3.xl, version: '4' } }, 'erasure format version "4"'],
    ['no table', { ...v3, xl: { ...v3.xl, sets: undefined } }, 'no table of drives'],
    ['an empty table', { ...v3, xl: { ...v3.xl, sets: [] } }, 'no table of drives'],
    ['an empty set', { ...v3, xl: { ...v3.xl, sets: [[]] } }, 'not 1 to 16 drives'],
    ['a set of 17', { ...v3, xl: { ...v3.xl, sets: [new Array(17).fill(A)] } }, 'not 1 to 16 drives'],
    ['uneven sets', { ...v3, xl: { ...v3.xl, sets: [[A, B], [C]] } }, 'different sizes'],
    ['a drive twice', { ...v3, xl: { ...v3.xl, sets: [[A, A]] } }, `${A} twice`],
    ['a drive that is no UUID', { ...v3, xl: { ...v3.xl, sets: [[A, 'd2']] } }, 'not a UUID'],
    ['a drive that is a number', { ...v3, xl: { ...v3.xl, sets: [[A, 5]] } }, 'not a UUID'],
    ['an id that is no UUID', { ...v3, id: '../../etc' }, 'the deployment an id that is not a UUID'],
    ['no drive', { ...v3, xl: { ...v3.xl, this: undefined } }, 'does not say which drive this is'],
    ['a blank drive of a deployment', { ...v3, xl: { ...v3.xl, this: '' } }, 'does not say which drive this is'],
    ['no drive of no deployment', { ...v3, id: undefined, xl: { ...v3.xl, this: undefined } }, 'does not say which drive this is'],
    ['a drive outside its own table', { ...v3, xl: { ...v3.xl, this: C } }, 'not in its own table'],
    ['an unknown algorithm', { ...v3, xl: { ...v3.xl, distributionAlgo: 'MD5MOD' } }, '"MD5MOD"'],
    ['a single drive among others', { ...v3, format: 'xl-single' }, 'says that the drive is alone'],
    ['nesting without end', '['.repeat(200_000), 'not JSON'],
  ])('with %s is refused with a sentence that says so', (_, document, sentence) => {
    expect(refusal(document)).toContain(sentence);
  });
});
