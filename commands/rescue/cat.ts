import { once } from 'node:events';
import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { loadRescue } from '../../src/offline/index.js';
import { EXIT_HELP, Failure, RescueCommand } from '../../src/view/index.js';

export default class RescueCat extends RescueCommand<typeof RescueCat> {
  static override summary = "Write an object's bytes, from the drives of a dead server.";
  static override description = `The newest version that can be read goes to standard output. Every byte is checked against its bitrot hash, and at the end all of them against
the ETag: where they do not match, the command fails. Objects that MinIO keeps encrypted need MINIO_KMS_SECRET_KEY as the server had it, or --enc-c. Nothing is written to a drive. ${EXIT_HELP}`;
  static override args = { drive: Args.string({ description: 'folders of the drives, then BUCKET/KEY', ignoreStdin: true }) };
  static override flags = { ...RescueCommand.keyFlags, 'version-id': Flags.string({ aliases: ['vid'], description: 'this version; null for the one without an id' }) };
  static override examples = [{ description: 'Look into a file.', command: '<%= config.bin %> rescue cat /mnt/found{1...4} config/app.yaml' }];

  async run(): Promise<void> {
    const words = await this.given(2);
    const { bucket, prefix: key } = this.source(words.at(-1) ?? '');
    if (bucket === undefined || key === '') throw new UsageError(`"${words.at(-1) ?? ''}" is no object`, 'name it as BUCKET/KEY, after the drives');
    const { clientRead, contentKeysFrom, findObject, obstacleOf, openRescue, readChecked } = await loadRescue();
    const keysFor = contentKeysFrom(process.env, this.flags['enc-c']);
    const rescue = await openRescue(words.slice(0, -1));
    try {
      const read = await findObject(rescue, bucket, key, this.flags['version-id']);
      const obstacle = obstacleOf(read.version);
      if (obstacle !== undefined) throw new Error(`${bucket}/${key}: ${obstacle}`);
      const isFine = await readChecked(clientRead(read, { bucket, key }, keysFor), (bytes) => this.#write(bytes), this.signal);
      if (!isFine) throw new Error(`the bytes of ${bucket}/${key} are not those that were written: they do not match its ETag, or do not decrypt or unpack; \`mts rescue cp\` tries other drives`);
    } catch (error) {
      throw new Failure(`Unable to read \`${bucket}/${key}\`.`, error);
    } finally {
      await rescue.close();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // The bytes are the reader's: what the pipe does not take at once must be a copy.
    if (!process.stdout.write(Uint8Array.from(bytes))) await once(process.stdout, 'drain');
  }
}
