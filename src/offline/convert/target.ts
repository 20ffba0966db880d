/** Where a conversion brings things to: drives, which keep all as it was, or a server, which keeps what its protocol lets it. */
import type { BucketSettings, VersionInfo } from '../../store/index.js';

/** What a version has other than it had at the source. */
export type Difference = 'etag' | 'time' | 'version-id' | 'metadata';

/** A document of a bucket's settings that the target did not take. */
export interface SettingNote {
  readonly bucket: string;
  /** As in `.metadata.bin`, e.g. `PolicyConfigJSON`. */
  readonly document: string;
  readonly reason: string;
}

interface Taken {
  /** It was there already. */
  readonly isFound: boolean;
  readonly differences: readonly Difference[];
}

/** The versions of one key are taken oldest first, one after another. */
export interface KeyTarget {
  /** Brings it unless it is there, reads it back and compares. Throws StorageErrors. */
  take(version: VersionInfo): Promise<Taken>;
}

export interface ConvertTarget {
  /** Makes the bucket unless it is there, with its settings. */
  beginBucket(bucket: string, settings: BucketSettings): Promise<readonly SettingNote[]>;
  /** Once all versions are there. */
  endBucket(bucket: string, settings: BucketSettings): Promise<void>;
  /** @param versions all of the key, newest first */
  key(bucket: string, settings: BucketSettings, versions: readonly VersionInfo[]): KeyTarget | Promise<KeyTarget>;
}
