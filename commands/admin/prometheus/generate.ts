import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../../src/base/index.js';
import type { MetricKind } from '../../../src/client/index.js';
import { AdminCommand, EXIT_HELP, scrapeObject, scrapeYaml } from '../../../src/view/index.js';

const KINDS: readonly MetricKind[] = ['cluster', 'node', 'bucket', 'resource'];

export default class AdminPrometheusGenerate extends AdminCommand<typeof AdminPrometheusGenerate> {
  static override summary = 'Print a scrape configuration for Prometheus.';
  static override description = `The token in it is made here from the alias' keys and gives access to the metrics only. ${EXIT_HELP}`;
  static override args = {
    target: Args.string({ description: 'ALIAS', ignoreStdin: true }),
    kind: Args.string({ description: 'cluster (default), node, bucket or resource', ignoreStdin: true }),
  };
  static override flags = {
    public: Flags.boolean({ description: 'without a token, for servers with MINIO_PROMETHEUS_AUTH_TYPE=public' }),
    'api-version': Flags.string({ options: ['v2'], default: 'v2', description: 'version of the metrics' }),
  };
  static override examples = [
    { description: 'A job for the whole cluster.', command: '<%= config.bin %> admin prometheus generate local' },
    { description: 'One for each node.', command: '<%= config.bin %> admin prometheus generate local node' },
  ];

  async run(): Promise<void> {
    const [text = '', name = 'cluster'] = await this.given(1, 2);
    const kind = KINDS.find((candidate) => candidate === name);
    if (kind === undefined) throw new UsageError(`\`${name}\` is no kind of metrics.`, `Choose from ${KINDS.join(', ')}.`);
    const { admin } = await this.target(text);
    const facts = { kind, url: new URL(admin.s3.alias.url), token: this.flags.public ? undefined : admin.metricsToken() };
    this.say(scrapeObject(facts), scrapeYaml(facts));
  }
}
