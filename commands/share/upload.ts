import { Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { loadShare, ShareLinks } from '../../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, shareBlock, shareObject, targetArguments } from '../../src/view/index.js';

export default class ShareUpload extends MtsCommand<typeof ShareUpload> {
  static override summary = 'Make curl commands with which anyone can upload.';
  static override description = `A command works for at most seven days; \`share list\` shows it until then. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    recursive: Flags.boolean({ char: 'r', description: 'allow any name below a prefix' }),
    expire: Flags.string({ char: 'E', description: 'how long it works, in h, m and s', default: '168h' }),
    'content-type': Flags.string({ char: 'T', description: 'allow only this content type' }),
  };
  static override examples = [{ description: 'Let others put files into a folder.', command: '<%= config.bin %> share upload -r local/inbox/from-ann/' }];

  async run(): Promise<void> {
    const targets = await this.given(1);
    const { parseExpiry, shareUpload } = await loadShare();
    const { recursive: isPrefix, expire, 'content-type': contentType } = this.flags;
    const expiryMs = parseExpiry(expire);
    const links = new ShareLinks(this.session.aliases.dir, 'upload');
    for (const target of targets) {
      const place = this.place(target);
      if (place.kind === 'local' || place.bucket === '') throw new Failure(`Unable to share \`${target}\`.`, new Error('Name a bucket on a server'));
      if (!isPrefix && (place.key === '' || place.key.endsWith('/'))) throw new UsageError('Use --recursive flag to generate curl command for prefixes.');
      await place.s3.locationOf(place.bucket).catch((error: unknown) => {
        throw new Failure(`Unable to share \`${target}\`.`, error);
      });
      const link = shareUpload(place.s3, { bucket: place.bucket, key: place.key, isPrefix, contentType }, expiryMs);
      links.add([link], Date.now());
      this.say(shareObject(link, expiryMs), shareBlock(link, expiryMs));
    }
  }
}
