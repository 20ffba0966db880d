/** What `admin prometheus` prints: a scrape configuration, and metrics as JSON. */
import type { MetricFamily, MetricKind } from '../client/index.js';

interface ScrapeFacts {
  readonly kind: MetricKind;
  readonly url: URL;
  /** undefined for metrics that need none. */
  readonly token: string | undefined;
}

const pathOf = (kind: MetricKind): string => `/minio/v2/metrics/${kind}`;
const jobOf = (kind: MetricKind): string => (kind === 'cluster' ? 'minio-job' : `minio-job-${kind}`);

/** A piece of prometheus.yml. */
export function scrapeYaml({ kind, url, token }: ScrapeFacts): string {
  return [
    'scrape_configs:',
    `- job_name: ${jobOf(kind)}`,
    ...(token === undefined ? [] : [`  bearer_token: ${token}`]),
    `  metrics_path: ${pathOf(kind)}`,
    `  scheme: ${url.protocol.slice(0, -1)}`,
    '  static_configs:',
    `  - targets: ['${url.host}']`,
  ].join('\n');
}

export function scrapeObject({ kind, url, token }: ScrapeFacts): object {
  return { jobName: jobOf(kind), ...(token !== undefined && { bearerToken: token }), metricsPath: pathOf(kind), scheme: url.protocol.slice(0, -1), staticConfigs: [{ targets: [url.host] }] };
}

/** mc's array of families; values are texts. */
export function metricsObject(families: Iterable<MetricFamily>): object[] {
  return [...families].map(({ name, help, type, samples }) => ({ name, help, type: type.toUpperCase(), metrics: samples.map(({ labels, value }) => ({ labels, value: String(value) })) }));
}
