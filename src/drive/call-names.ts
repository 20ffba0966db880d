/** How MinIO calls what a drive's thread is asked: traces and metrics carry these names. */
import type { CallName, Calls } from './messages.js';

export const MINIO_CALLS: Readonly<Record<CallName, string>> = {
  attach: 'DiskInfo',
  probe: 'DiskInfo',
  close: 'DiskInfo',
  info: 'DiskInfo',
  makeVolume: 'MakeVol',
  statVolume: 'StatVol',
  listVolumes: 'ListVols',
  deleteVolume: 'DeleteVol',
  readFile: 'ReadAll',
  writeFile: 'WriteAll',
  listDir: 'ListDir',
  remove: 'Delete',
  readXlMeta: 'ReadXL',
  stage: 'WriteMetadata',
  commit: 'RenameData',
  settle: 'DeleteAbandonedParts',
  listStaged: 'ListDir',
  commitPart: 'RenamePart',
  writePart: 'CreateFile',
  closePart: 'CreateFile',
  abortPart: 'Delete',
  openData: 'ReadFileStream',
  readData: 'ReadFileStream',
  closeData: 'ReadFileStream',
  statParts: 'CheckParts',
  verifyPart: 'VerifyFile',
  moveData: 'RenameFile',
  noteMissed: 'AppendFile',
  listMissed: 'ReadAll',
  forgetMissed: 'Delete',
  openWalk: 'WalkDir',
  nextWalk: 'WalkDir',
  closeWalk: 'WalkDir',
};

/** Volume and path of a call as far as its arguments tell: the texts that are not ids of transactions. */
export function pathOf(args: Calls[CallName]['args']): string {
  return args.filter((value): value is string => typeof value === 'string' && !UUID.test(value)).join('/');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
