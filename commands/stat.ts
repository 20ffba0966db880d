import { basename } from 'node:path';
import { Flags } from '@oclif/core';
import { chooseVersion, kindOf, list, loadBucketFacts, loadStat, parseRewind, type Listed, type LocalPlace, type ObjectStat, type RemotePlace } from '../src/client/index.js';
import { bucketBlock, bucketObject, EXIT_HELP, Failure, MtsCommand, statBlock, statObjectJson, targetArguments } from '../src/view/index.js';

/** Objects asked about at once. */
const STATS_PARALLEL = 16;

export default class Stat extends MtsCommand<typeof Stat> {
  static override summary = 'Show all that is known of objects, buckets and files.';
  static override description = `A bucket shows its configuration and usage. A slash at the end shows what is in a folder. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    recursive: Flags.boolean({ char: 'r', description: 'all objects below a prefix' }),
    versions: Flags.boolean({ description: 'all versions' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'this version' }),
    rewind: Flags.string({ description: 'as it was at that time: 7d10h, 2026.01.31' }),
    'no-list': Flags.boolean({ description: 'ask for the object only, never for a prefix of that name' }),
  };
  static override examples = [
    { description: 'Show an object.', command: '<%= config.bin %> stat local/photos/cat.jpg' },
    { description: 'Show a bucket as JSON.', command: '<%= config.bin %> stat --json local/photos' },
  ];

  async run(): Promise<void> {
    for (const target of await this.given(1)) {
      const place = this.place(target);
      try {
        if (place.kind === 'local') await this.#statLocal(place);
        else await this.#statRemote(place);
      } catch (error) {
        throw error instanceof Failure ? error : new Failure(`Unable to stat \`${target}\`.`, error);
      }
    }
  }

  #show(stat: ObjectStat): void {
    this.say(statObjectJson(stat), this.flags.json ? undefined : statBlock(stat));
  }

  async #statLocal(place: LocalPlace): Promise<void> {
    const { statLocal } = await loadStat();
    const kind = await kindOf(place);
    if (kind === 'nothing') throw new Error('Object does not exist');
    if (kind === 'file' || (!place.text.endsWith('/') && !this.flags.recursive)) this.#show(await statLocal(place.text));
    else {
      for await (const entry of list(place, { isRecursive: this.flags.recursive, signal: this.signal })) {
        this.#show(await statLocal(entry.key, entry.name.replace(/\/$/, '')));
        await this.outputReady();
      }
    }
  }

  async #statRemote(place: RemotePlace): Promise<void> {
    const { recursive, versions, 'version-id': versionId, rewind, 'no-list': noList } = this.flags;
    const rewindTo = rewind === undefined ? undefined : parseRewind(rewind, Date.now());
    if (recursive || versions) {
      await this.#statMany(place, rewindTo);
    } else if (place.bucket === '') {
      for (const { name } of await place.s3.listBuckets(this.signal)) {
        this.#show({ name: `${name}/`, type: 'folder', modifiedAt: undefined, sizeBytes: 0, etag: '', metadata: {} });
      }
    } else if (place.key === '') {
      await this.#statBucket(place);
    } else if (place.key.endsWith('/')) {
      await this.#statMany(place, rewindTo);
    } else if (versionId !== undefined || rewindTo !== undefined || noList || (await kindOf(place, this.signal)) === 'file') {
      await this.#statObject(place, { versionId, rewindTo });
    } else {
      await this.#statPrefix(place);
    }
  }

  async #statBucket({ s3, bucket }: RemotePlace): Promise<void> {
    await s3.headBucket(bucket, this.signal);
    const { bucketFacts } = await loadBucketFacts();
    const facts = await bucketFacts(s3, bucket);
    this.say(bucketObject(bucket, facts), this.flags.json ? undefined : bucketBlock(bucket, facts));
  }

  async #statObject(place: RemotePlace, choice: { versionId: string | undefined; rewindTo: Date | undefined }): Promise<void> {
    const { statObject } = await loadStat();
    const versionId = await chooseVersion(place, { ...choice, signal: this.signal });
    this.#show(await statObject(place, basename(place.key), { versionId, signal: this.signal }));
  }

  /** A name that is no object: the folders and objects whose names start with it. */
  async #statPrefix(place: RemotePlace): Promise<void> {
    let count = 0;
    for await (const entry of list(place, { signal: this.signal })) {
      if (entry.type === 'folder') {
        this.#show({ name: entry.name, type: 'folder', modifiedAt: new Date(), sizeBytes: 0, etag: '', metadata: {} });
        count += 1;
      }
    }
    if (count === 0) throw new Error('Object does not exist');
  }

  async #statMany(place: RemotePlace, rewindTo: Date | undefined): Promise<void> {
    const { recursive, versions } = this.flags;
    const { statObject } = await loadStat();
    const isFolder = place.key !== '' && !place.key.endsWith('/') && (await kindOf(place, this.signal)) !== 'file';
    const inside = isFolder ? { ...place, key: `${place.key}/` } : place;
    const top = recursive && place.bucket !== '' ? `${(place.key.replace(/\/$/, '') || place.bucket).split('/').at(-1) ?? ''}/` : '';
    const describe = async (entry: Listed): Promise<ObjectStat> => {
      const name = place.key === '' || isFolder || place.key.endsWith('/') ? top + entry.name : entry.name;
      const { type, modifiedAt = new Date(), sizeBytes, etag, versionId } = entry;
      if (entry.isDeleteMarker === true || type === 'folder') return { name, type, modifiedAt, sizeBytes, etag, versionId, isDeleteMarker: entry.isDeleteMarker === true, metadata: {} };
      return statObject({ ...place, bucket: entry.bucket, key: entry.key }, name, { versionId, signal: this.signal });
    };
    let batch: Listed[] = [];
    const flush = async (): Promise<void> => {
      for (const stat of await Promise.all(batch.map(describe))) this.#show(stat);
      batch = [];
      await this.outputReady();
    };
    for await (const entry of list(inside, { isRecursive: recursive || versions, withVersions: versions, rewindTo, signal: this.signal })) {
      batch.push(entry);
      if (batch.length === STATS_PARALLEL) await flush();
    }
    await flush();
  }
}
