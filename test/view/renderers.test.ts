import { expect, test } from 'vitest';
import { UsageError } from '../../src/base/index.js';
import { S3Error, type Listed } from '../../src/client/index.js';
import { Failure, failureObject, failureSentence } from '../../src/view/failure.js';
import { listingLine, listingObject } from '../../src/view/listing.js';
import { formatListingSize, formatPreciseSize, formatSize, formatTightSize } from '../../src/view/size.js';
import { renderTable } from '../../src/view/table.js';
import { loadPalette } from '../../src/view/terminal.js';
import { formatJsonTime, formatLongDuration } from '../../src/view/time.js';

test.each([
  [0, '0 B'], [12, '12 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [2929, '2.9 KiB'], [10_239, '10 KiB'], [20_000_000, '19 MiB'], [5 * 1024 ** 4, '5.0 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(formatTightSize(bytes)).toBe(text.replace(' ', ''));
});

test('sizes have the columns and decimals of their place', () => {
  expect(formatListingSize(12)).toBe('   12B');
  expect(formatPreciseSize(20_008_000)).toBe('19.08 MiB');
  expect(formatPreciseSize(12)).toBe('12 B');
});

test('times in JSON have no trailing zeros', () => {
  expect(formatJsonTime(new Date('2026-11-22T18:55:35.940Z'))).toBe('2026-11-22T18:55:35.94Z');
  expect(formatJsonTime(new Date('2026-11-22T18:55:30.000Z'))).toBe('2026-11-22T18:55:30Z');
});

test('durations begin with their largest unit', () => {
  expect(formatLongDuration(604_800_000)).toBe('7 days 0 hours 0 minutes 0 seconds');
  expect(formatLongDuration(3_661_000)).toBe('1 hour 1 minute 1 second');
});

const entry: Listed = {
  type: 'file', name: 'o.txt', key: 'o.txt', bucket: 'b', sizeBytes: 6, modifiedAt: new Date('2026-11-22T18:55:35Z'), etag: 'e', storageClass: 'STANDARD',
  versionOrdinal: 1,
};

test('rows show class and version where there are any', async () => {
  const paint = await loadPalette(false);
  const clock = (): string => 'T';
  expect(listingLine(entry, paint, clock)).toBe('[T]     6B STANDARD o.txt');
  expect(listingLine({ ...entry, versionId: 'vid', versionOrdinal: 4, isDeleteMarker: true }, paint, clock)).toBe('[T]     6B STANDARD vid v4 DEL o.txt');
  expect(JSON.stringify(listingObject(entry, 'http://h/b/'))).toBe(
    '{"status":"success","type":"file","lastModified":"2026-11-22T18:55:35Z","size":6,"key":"o.txt","etag":"e","url":"http://h/b/","versionOrdinal":1,"storageClass":"STANDARD"}',
  );
});

const fields = { Code: 'NoSuchBucket', Message: 'The specified bucket does not exist', BucketName: 'b', Key: '', Resource: '', RequestID: '', HostID: '', Region: '', Server: '' };

test('a failure says what failed and why, as a sentence and as an object', () => {
  const failure = new Failure('Unable to list folder.', new S3Error(404, fields));
  expect(failureSentence(failure)).toBe('Unable to list folder. Bucket `b` does not exist.');
  expect(failureObject(failure, 'error')).toEqual({
    status: 'error', error: { message: 'Unable to list folder.', cause: { message: 'Bucket `b` does not exist.', error: { Bucket: 'b' } }, type: 'error' },
  });
});

test('a usage error shows its hint', () => {
  expect(failureSentence(new UsageError('Invalid alias `1`.', 'Use letters.'))).toBe('Invalid alias `1`. Use letters.');
});

test('a missing file is named', () => {
  const error = Object.assign(new Error('ENOENT: x'), { code: 'ENOENT', path: '/x' });
  expect(failureSentence(new Failure('Unable to read from `x`.', error))).toBe('Unable to read from `x`. Requested path `/x` not found.');
});

test("tables have mc's lines", async () => {
  expect(await renderTable(['A', 'B'], [['1', '22']])).toBe('┌───┬────┐\n│ A │ B  │\n│ 1 │ 22 │\n└───┴────┘');
});
