import { describe, expect, it } from 'vitest';
import { parseMetrics, trafficRates, trafficSample } from '../../../src/client/admin/prometheus.js';

const text = (gets: number, errors: number, fast: number, sent: string): string => `# HELP minio_s3_requests_total Total number of S3 requests
# TYPE minio_s3_requests_total counter
minio_s3_requests_total{api="getobject",server="127.0.0.1:9000"} ${gets}
minio_s3_requests_total{api="putobject",server="127.0.0.1:9000"} 10
# TYPE minio_s3_requests_4xx_errors_total counter
minio_s3_requests_4xx_errors_total{api="getobject",server="127.0.0.1:9000"} ${errors}
# TYPE minio_s3_traffic_sent_bytes counter
minio_s3_traffic_sent_bytes{server="127.0.0.1:9000"} ${sent}
minio_s3_requests_ttfb_seconds_distribution{api="getobject",le="0.05",server="a"} ${fast}
minio_s3_requests_ttfb_seconds_distribution{api="getobject",le="0.1",server="a"} ${gets}
minio_s3_requests_ttfb_seconds_distribution{api="getobject",le="+Inf",server="a"} ${gets}
`;

describe('metrics in text', () => {
  it('are read with their labels, kinds and exponents', () => {
    const families = parseMetrics(text(3, 1, 2, '3.91173177344e+11'));
    expect(families.get('minio_s3_requests_total')).toMatchObject({ type: 'counter', help: 'Total number of S3 requests', samples: [{ labels: { api: 'getobject', server: '127.0.0.1:9000' }, value: 3 }, { value: 10 }] });
    expect(families.get('minio_s3_traffic_sent_bytes')?.samples[0]?.value).toBe(391_173_177_344);
    expect(parseMetrics('x{path="a\\"b\\\\c\\n"} 1').get('x')?.samples[0]?.labels['path']).toBe('a"b\\c\n');
  });
});

describe('traffic between two samples', () => {
  const before = trafficSample(text(100, 1, 100, '1000'), 0);

  it('is counted by the second, with the times of the requests between', () => {
    const rates = trafficRates(before, trafficSample(text(200, 3, 150, '21000'), 2000));
    expect(rates).toMatchObject({ requestsPerSecond: 50, errorsPerSecond: 1, sentBytesPerSecond: 10_000, p50Ms: 50 });
    expect(rates.p99Ms).toBeCloseTo(99);
  });

  it('of a server that was restarted starts from zero', () => {
    expect(trafficRates(before, trafficSample(text(20, 0, 20, '500'), 1000))).toMatchObject({ requestsPerSecond: 30, errorsPerSecond: 0, sentBytesPerSecond: 500 });
  });

  it('has no times where nothing was asked', () => {
    expect(trafficRates(before, { ...before, atMs: 1000 })).toMatchObject({ requestsPerSecond: 0, p50Ms: undefined, p99Ms: undefined });
  });
});
