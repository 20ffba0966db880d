/**
 * Makes drives of one set (2 + 2 unless told otherwise) full of small objects without a server, for measuring `mts rescue`:
 *
 *     npx tsx bench/rescue-namespace.ts /mnt/bench/rescue 1000000 1024 [DRIVES]
 *     /usr/bin/time -v mts rescue scan /mnt/bench/rescue/d{1...4}
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOrder } from '../src/cluster/index.js';
import { encodeFormatJson, encodeVersion, INLINE_DATA_KEY, serializeXlMeta, type ObjectVersion } from '../src/format/index.js';
import { encodeInline } from '../src/store/inline-shards.js';

const BUCKET = 'bench';
/** Objects in one folder. */
const PER_FOLDER = 1000;
const START_NS = 1_795_000_000_000_000_000n;

const [folder = '', countText = '100000', sizeText = '1024', drivesText = '4'] = process.argv.slice(2);
if (folder === '') throw new Error('usage: rescue-namespace.ts FOLDER [COUNT] [SIZE] [DRIVES]');
const [count, size, driveCount] = [Number(countText), Number(sizeText), Number(drivesText)];
const parityShards = Math.min(4, Math.floor(driveCount / 2));
const drives = Array.from({ length: driveCount }, (_, i) => join(folder, `d${i + 1}`));
const ids = drives.map(() => randomUUID());
const deploymentId = randomUUID();
for (const [i, drive] of drives.entries()) {
  mkdirSync(join(drive, '.minio.sys'), { recursive: true });
  writeFileSync(join(drive, '.minio.sys/format.json'), encodeFormatJson({ isSingle: false, deploymentId, driveId: ids[i] ?? '', sets: [ids], algorithm: 'SIPMOD+PARITY' }));
}
const metaSys = new Map([[INLINE_DATA_KEY, Buffer.from('true')]]);
const startedMs = performance.now();
for (let i = 0; i < count; i++) {
  const prefix = `p${String(Math.floor(i / PER_FOLDER)).padStart(6, '0')}`;
  const key = `${prefix}/object-${String(i).padStart(9, '0')}.bin`;
  if (i % PER_FOLDER === 0) for (const drive of drives) mkdirSync(join(drive, BUCKET, prefix), { recursive: true });
  const body = Buffer.alloc(size, key);
  const erasure = { dataShards: driveCount - parityShards, parityShards, blockSizeBytes: 1024 * 1024, distribution: hashOrder(`${BUCKET}/${key}`, driveCount) };
  const streams = encodeInline(body, erasure);
  const version: ObjectVersion = {
    kind: 'object', versionId: 'null', modTimeNs: START_NS + BigInt(i), size, dataDir: randomUUID(), erasure,
    parts: [{ number: 1, size, actualSize: size }],
    metaUser: new Map([['etag', createHash('md5').update(body).digest('hex')], ['content-type', 'application/octet-stream']]), metaSys,
  };
  for (const [slot, drive] of drives.entries()) {
    const shardIndex = erasure.distribution[slot] ?? 1;
    const entry = encodeVersion(version, { shardIndex });
    const object = join(drive, BUCKET, key);
    mkdirSync(object);
    writeFileSync(join(object, 'xl.meta'), serializeXlMeta({ versions: [entry], inline: new Map([['null', streams[shardIndex - 1] ?? new Uint8Array()]]) }));
  }
}
console.log(`${count} objects of ${size} bytes on ${driveCount} drives in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
