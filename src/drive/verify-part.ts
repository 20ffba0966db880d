/** Bitrot check of part files in the drive's thread, so that only a verdict travels. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { StorageError } from '../base/index.js';
import { HIGHWAY_HASH_SIZE, highwayHash256 } from '../hash/index.js';
import type { FrameRun } from './drive.js';
import { checkName } from './names.js';
import { partFileOf } from './old-objects.js';
import type { DriveRoot } from './root.js';

/** Bytes read and hashed before other calls get their turn. */
const SLICE_BYTES = 1024 * 1024;

/** What `Drive.verifyPart` answers. */
export async function verifyPart(root: DriveRoot, volume: string, path: string, dataDir: string, partNumber: number, run: FrameRun): Promise<void> {
  root.check();
  const folder = `${root.resolve(volume, path)}/${checkName(dataDir)}`;
  const action = `verify ${volume}/${path}/${dataDir}/part.${partNumber}`;
  const file = root.inVolume(volume, action, () => partFileOf(folder, partNumber));
  const fd = root.inVolume(volume, action, () => openSync(file, 'r'));
  try {
    const damage = (what: string): StorageError => new StorageError('frame-corrupt', `${file} ${what}`, { drive: root.path });
    const { size } = fstatSync(fd);
    if (size !== run.fileSizeBytes) throw damage(`has ${size} bytes, ${run.fileSizeBytes} belong there`);
    const frameSize = HIGHWAY_HASH_SIZE + run.pieceSizeBytes;
    const framesPerSlice = Math.max(1, Math.floor(SLICE_BYTES / frameSize));
    const end = Math.min(size, (run.firstFrame + run.frameCount) * frameSize);
    for (let at = run.firstFrame * frameSize; at < end; at += framesPerSlice * frameSize) {
      const bytes = root.scratch(Math.min(end - at, framesPerSlice * frameSize));
      const count = root.inVolume(volume, action, () => readSync(fd, bytes, 0, bytes.length, at));
      if (count < bytes.length) throw damage(`ends at byte ${at + count}`);
      const bad = firstBadFrame(bytes, frameSize);
      if (bad !== undefined) throw damage(`has a piece that does not match its bitrot hash, at byte ${at + bad}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(fd);
  }
}

/** Where the first frame begins whose hash does not match. */
function firstBadFrame(bytes: Uint8Array, frameSize: number): number | undefined {
  for (let at = 0; at < bytes.length; at += frameSize) {
    const hash = bytes.subarray(at, at + HIGHWAY_HASH_SIZE);
    if (Buffer.compare(hash, highwayHash256(bytes.subarray(at + HIGHWAY_HASH_SIZE, at + frameSize))) !== 0) return at;
  }
  return undefined;
}
