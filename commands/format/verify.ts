import { Args, Flags } from '@oclif/core';
import { seePlaces, verifyLayout } from '../../src/offline/index.js';
import { EXIT, FormatCommand, formatFlags, verifyText } from '../../src/view/index.js';

export default class FormatVerify extends FormatCommand<typeof FormatVerify> {
  static override summary = 'Say whether a server would start with some drives, and why not.';
  static override description = `Takes the arguments of \`mts server\`, looks at the drives, and answers in the server's own words. Changes nothing.
Drives of other nodes count as offline, unless --from says who has seen them. MINIO_ERASURE_SET_DRIVE_COUNT and MINIO_CI_CD count as for the server.
Exit status: 0 it would start, 1 it would not.`;
  static override args = { drive: Args.string({ description: 'arguments as for `mts server`', ignoreStdin: true }) };
  static override flags = {
    layout: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'the same, in the place of arguments' }),
    address: Flags.string({ description: 'HOST:PORT or :PORT that the server listens on [default: :9000, env MINIO_ADDRESS]' }),
    from: Flags.string({ multiple: true, multipleNonGreedy: true, description: 'who has seen drives of other nodes: ALIAS, host, user@host:/folder' }),
    ...formatFlags,
  };
  static override examples = [
    { description: 'Would it start?', command: '<%= config.bin %> format verify /mnt/drive{1...4}' },
    { description: 'One of three machines, the others asked over SSH.', command: "<%= config.bin %> format verify --from root@192.168.2.151 --from root@192.168.2.187 'http://192.168.2.{151...153}/minio-export{1...2}'" },
  ];

  async run(): Promise<void> {
    const layout = this.flags.layout ?? [];
    const args = layout.length > 0 ? layout.flatMap((text) => text.split(/\s+/)) : await this.given(1);
    const seen = await seePlaces(this.flags.from ?? [], this.access(this.flags, args));
    const address = this.flags.address ?? process.env['MINIO_ADDRESS'] ?? ':9000';
    const report = await verifyLayout({ args, address, seen: seen.flatMap(({ sightings }) => sightings), environment: process.env });
    this.say({ status: report.wouldStart ? 'success' : 'error', ...report }, this.flags.json ? undefined : await verifyText(report, this.paint));
    if (!report.wouldStart) this.exit(EXIT.failed);
  }
}
