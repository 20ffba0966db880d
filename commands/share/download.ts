import { Flags } from '@oclif/core';
import { kindOf, list, loadShare, ShareLinks, type Listed, type RemotePlace } from '../../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, shareBlock, shareObject, targetArguments } from '../../src/view/index.js';

export default class ShareDownload extends MtsCommand<typeof ShareDownload> {
  static override summary = 'Make links with which anyone can download.';
  static override description = `A link works for at most seven days; \`share list\` shows it until then. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    recursive: Flags.boolean({ char: 'r', description: 'for all objects below a prefix' }),
    expire: Flags.string({ char: 'E', description: 'how long it works, in h, m and s', default: '168h' }),
    'version-id': Flags.string({ aliases: ['vid'], description: 'for this version' }),
  };
  static override examples = [{ description: 'Share an object for an hour.', command: '<%= config.bin %> share download -E 1h local/photos/cat.jpg' }];

  async run(): Promise<void> {
    const targets = await this.given(1);
    const { parseExpiry, shareDownload } = await loadShare();
    const expiryMs = parseExpiry(this.flags.expire);
    const links = new ShareLinks(this.session.aliases.dir, 'download');
    for (const target of targets) {
      const place = this.place(target);
      if (place.kind === 'local') throw new Failure(`Unable to share \`${target}\`.`, new Error('Files of this machine cannot be shared'));
      if (place.bucket !== '') await place.s3.locationOf(place.bucket).catch(() => undefined);
      for await (const { bucket, key } of this.#objects(place)) {
        const link = shareDownload(place.s3, { bucket, key, versionId: this.flags['version-id'] }, expiryMs);
        links.add([link], Date.now());
        this.say(shareObject(link, expiryMs), shareBlock(link, expiryMs));
      }
    }
  }

  async *#objects(place: RemotePlace): AsyncGenerator<Pick<Listed, 'bucket' | 'key'>> {
    const { recursive, 'version-id': versionId } = this.flags;
    if (versionId !== undefined) {
      yield place;
      return;
    }
    const kind = await kindOf(place, this.signal).catch((error: unknown) => {
      throw new Failure(`Unable to stat \`${place.text}\`.`, error);
    });
    if (kind === 'nothing') throw new Failure(`Unable to stat \`${place.text}\`.`, new Error('Object does not exist'));
    if (kind === 'file') {
      yield place;
      return;
    }
    if (!recursive && !place.text.endsWith('/')) throw new Failure(`\`${place.text}\` is a folder. Use --recursive to share what is in it.`);
    for await (const entry of list(place, { isRecursive: recursive, signal: this.signal })) {
      if (entry.type === 'file') yield entry;
    }
  }
}
