/** Prometheus' text format, and what a server's counters say about its traffic. */

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  /** `gauge`, `counter`, `untyped`. */
  readonly type: string;
  readonly samples: Sample[];
}

export function parseMetrics(text: string): Map<string, MetricFamily> {
  const families = new Map<string, { name: string; help: string; type: string; samples: Sample[] }>();
  const family = (name: string) => {
    let known = families.get(name);
    if (known === undefined) families.set(name, (known = { name, help: '', type: 'untyped', samples: [] }));
    return known;
  };
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment?.[1] === 'HELP') family(comment[2] ?? '').help = comment[3] ?? '';
    else if (comment?.[1] === 'TYPE') family(comment[2] ?? '').type = comment[3] ?? '';
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (sample !== null) family(sample[1] ?? '').samples.push({ labels: parseLabels(sample[2] ?? ''), value: parseNumber(sample[3] ?? '') });
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))]));
}

function parseNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

/** Counters of a moment; two of them make a rate. */
export interface TrafficSample {
  readonly atMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly inflight: number;
  /** Requests by upper bound of the time to the first byte (ms, cumulated), in order. */
  readonly firstByte: readonly (readonly [boundMs: number, count: number])[];
}

export interface TrafficRates {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  readonly inflight: number;
  /** Times to the first byte between the two samples; undefined where nothing was asked. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** Reads the `cluster` metrics: all nodes and operations together. */
export function trafficSample(text: string, atMs: number): TrafficSample {
  const families = parseMetrics(text);
  const total = (name: string): number => (families.get(name)?.samples ?? []).reduce((sum, { value }) => sum + value, 0);
  const byBound = new Map<number, number>();
  for (const { labels, value } of families.get('minio_s3_requests_ttfb_seconds_distribution')?.samples ?? []) {
    const boundMs = parseNumber(labels['le'] ?? '') * 1000;
    byBound.set(boundMs, (byBound.get(boundMs) ?? 0) + value);
  }
  return {
    atMs,
    requests: total('minio_s3_requests_total'),
    errors: total('minio_s3_requests_4xx_errors_total') + total('minio_s3_requests_5xx_errors_total'),
    receivedBytes: total('minio_s3_traffic_received_bytes'),
    sentBytes: total('minio_s3_traffic_sent_bytes'),
    inflight: total('minio_s3_requests_inflight_total'),
    firstByte: [...byBound].sort(([a], [b]) => a - b),
  };
}

/** Rates between two samples. A counter that fell belongs to a server that was restarted: what it counts now is all new. */
export function trafficRates(before: TrafficSample, now: TrafficSample): TrafficRates {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const isRestarted = now.requests < before.requests;
  const since = (of: (sample: TrafficSample) => number): number => Math.max(0, of(now) - (isRestarted ? 0 : of(before)));
  const earlier = new Map(isRestarted ? [] : before.firstByte);
  const counts = now.firstByte.map(([boundMs, count]) => [boundMs, Math.max(0, count - (earlier.get(boundMs) ?? 0))] as const);
  return {
    requestsPerSecond: since(({ requests }) => requests) / seconds,
    errorsPerSecond: since(({ errors }) => errors) / seconds,
    receivedBytesPerSecond: since(({ receivedBytes }) => receivedBytes) / seconds,
    sentBytesPerSecond: since(({ sentBytes }) => sentBytes) / seconds,
    inflight: now.inflight,
    p50Ms: quantile(counts, 0.5),
    p99Ms: quantile(counts, 0.99),
  };
}

/** A quantile of cumulated counts, evenly spread within each range. Of the last, open range its lower bound. */
function quantile(cumulated: readonly (readonly [boundMs: number, count: number])[], fraction: number): number | undefined {
  const total = cumulated.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const rank = fraction * total;
  let [lowerMs, below] = [0, 0];
  for (const [boundMs, count] of cumulated) {
    if (count >= rank) return Number.isFinite(boundMs) ? lowerMs + ((boundMs - lowerMs) * (rank - below)) / Math.max(1, count - below) : lowerMs;
    [lowerMs, below] = [boundMs, count];
  }
  return lowerMs;
}
