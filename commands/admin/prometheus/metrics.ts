import { Args } from '@oclif/core';
import { UsageError } from '../../../src/base/index.js';
import { loadAdmin, type MetricKind } from '../../../src/client/index.js';
import { AdminCommand, EXIT_HELP, Failure, metricsObject } from '../../../src/view/index.js';

const KINDS: readonly MetricKind[] = ['cluster', 'node', 'bucket', 'resource'];

export default class AdminPrometheusMetrics extends AdminCommand<typeof AdminPrometheusMetrics> {
  static override summary = "Print a server's metrics.";
  static override description = `In Prometheus' text format, or with --json as one array. ${EXIT_HELP}`;
  static override args = {
    target: Args.string({ description: 'ALIAS', ignoreStdin: true }),
    kind: Args.string({ description: 'cluster (default), node, bucket or resource', ignoreStdin: true }),
  };
  static override examples = [{ description: 'How many requests were there?', command: '<%= config.bin %> admin prometheus metrics local | grep minio_s3_requests_total' }];

  async run(): Promise<void> {
    const [text = '', name = 'cluster'] = await this.given(1, 2);
    const kind = KINDS.find((candidate) => candidate === name);
    if (kind === undefined) throw new UsageError(`\`${name}\` is no kind of metrics.`, `Choose from ${KINDS.join(', ')}.`);
    const { admin } = await this.target(text);
    const metrics = await admin.metrics(kind, this.signal).catch((error: unknown) => {
      throw new Failure('Unable to list metrics.', error);
    });
    const { parseMetrics } = await loadAdmin();
    this.say(metricsObject(parseMetrics(metrics).values()), metrics.trimEnd());
  }
}
