import { Args, Command, Flags } from '@oclif/core';

import { UsageError } from '../src/base/index.js';

/** MINIO_OPTS and scripts may give a flag twice; the last one counts. */
const lastOf = { multiple: true, multipleNonGreedy: true } as const;

/** Runs until it is stopped; signals are the server's own business, so it does not stand on the base of the other commands. */
export default class Server extends Command {
  static override summary = 'Serve S3 from the drives of one machine, or of several together.';
  static override description = `Each DIR is a drive, or a range of drives such as /mnt/drive{1...4}. New drives are formatted; drives that MinIO or mts
wrote are served as they are, back to those of 2016. Several arguments with ranges are several pools.

Drives of MinIO from before mid 2018 get a new .minio.sys/format.json; the old one is kept on each drive as
.minio.sys/mts/format.json.before. With --read-only nothing is written at all. A drive without erasure coding (FS, of releases
until 2022) is served read only, as it is, where it is the only one: mts convert brings its objects to new drives.

With URLs, such as http://host{1...3}/mnt/drive{1...2}, the servers on those hosts form a cluster: start each of them with the
same arguments and the same keys. A URL without a port means the port that the server listens on. They find themselves by
the address of their host; where one machine runs several, give each its own with --address.

Environment: MINIO_ROOT_USER and MINIO_ROOT_PASSWORD (or the files MINIO_ROOT_USER_FILE and MINIO_ROOT_PASSWORD_FILE, or
MINIO_ACCESS_KEY and MINIO_SECRET_KEY), MINIO_VOLUMES (drives), MINIO_OPTS (flags), MINIO_ADDRESS, MINIO_REGION,
MINIO_ERASURE_SET_DRIVE_COUNT, MINIO_STORAGE_CLASS_STANDARD and MINIO_STORAGE_CLASS_RRS (EC:n).

Exit status: 0 stopped by a signal, 1 could not start.`;
  static override examples = [
    '<%= config.bin %> server ./data',
    '<%= config.bin %> server /mnt/drive{1...4}',
    '<%= config.bin %> server --address 127.0.0.1:9000 --certs-dir /etc/mts/certs /mnt/drive{1...8}',
    '<%= config.bin %> server http://host{1...3}/mnt/drive{1...2}',
    '<%= config.bin %> server --address 127.0.0.1:9000 http://127.0.0.1:9000/tmp/a http://127.0.0.2:9000/tmp/b http://127.0.0.3:9000/tmp/c http://127.0.0.4:9000/tmp/d',
    '<%= config.bin %> server --read-only /mnt/old{1...4}',
    "MINIO_ROOT_USER=operator MINIO_ROOT_PASSWORD='choose a long one' <%= config.bin %> server --json /mnt/drive{1...4}",
  ];
  static override strict = false;
  static override args = { dir: Args.string({ description: 'folder or drive URL, or range of them, to keep objects in', ignoreStdin: true }) };
  static override flags = {
    address: Flags.string({ ...lastOf, description: 'HOST:PORT or :PORT to listen on [default: :9000, env MINIO_ADDRESS]' }),
    'certs-dir': Flags.string({ ...lastOf, char: 'S', description: 'folder with public.crt and private.key [default: ~/.minio/certs]' }),
    json: Flags.boolean({ description: 'log one JSON object per line, on stdout' }),
    'read-only': Flags.boolean({ description: 'change not a byte of the drives: serve what is there, of any release, and refuse every change' }),
    quiet: Flags.boolean({ char: 'q', description: 'no banner; log warnings and errors only' }),
    'console-address': Flags.string({ ...lastOf, hidden: true }),
    'config-dir': Flags.string({ ...lastOf, char: 'C', hidden: true }),
    anonymous: Flags.boolean({ hidden: true }),
  };

  override async run(): Promise<void> {
    const { runServer, splitWords } = await import('../src/server/index.js');
    const words = splitWords(process.env['MINIO_OPTS']);
    // What is typed wins over MINIO_OPTS, as the last of a repeated flag does.
    const { flags, argv } = await this.parse(Server, [...words, ...this.argv]);
    const ignored = (['console-address', 'config-dir', 'anonymous'] as const).filter((flag) => flags[flag] !== undefined && flags[flag] !== false);
    const code = await runServer({
      drives: argv as string[],
      address: flags.address?.at(-1),
      certsDir: flags['certs-dir']?.at(-1),
      isJson: flags.json,
      isQuiet: flags.quiet,
      isReadOnly: flags['read-only'],
      ignored: ignored.map((flag) => `--${flag}`),
      environment: process.env,
    });
    this.exit(code);
  }

  protected override async catch(error: Error & { oclif?: { exit?: number } }): Promise<void> {
    if (error.oclif?.exit !== undefined && error.message.startsWith('EEXIT')) throw error;
    const { EXIT, failureSentence } = await import('../src/view/index.js');
    const failure = error.oclif === undefined ? error : new UsageError(error.message.split('\n')[0] ?? '', 'See `mts server --help`.');
    if (this.argv.includes('--json')) {
      const { message, hint } = { hint: '', ...(failure instanceof UsageError ? failure : {}), message: failure.message };
      process.stdout.write(`${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg: message, hint })}\n`);
    } else process.stderr.write(`mts: <ERROR> ${failureSentence(failure)}\n`);
    process.exitCode = EXIT.failed;
  }
}
