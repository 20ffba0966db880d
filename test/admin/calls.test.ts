import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentNode } from '../../src/admin/node-report.js';
import { openChunks, readZip, unsealPayload } from '../../src/hash/index.js';
import { createHmac } from 'node:crypto';
import { openAdmin, type AdminFixture } from './admin-server.js';

let admin: AdminFixture;
beforeAll(async () => {
  admin = await openAdmin(4);
});
afterAll(() => admin.close());

interface Info {
  mode: string;
  deploymentID: string;
  backend: Record<string, unknown>;
  servers: { state: string; endpoint: string; network: Record<string, string>; uptime: number; version: string; poolNumbers: number[]; drives: { state: string; endpoint: string; set_index: number; disk_index: number; totalspace: number }[] }[];
  pools: Record<string, Record<string, { rawCapacity: number; healDisks: number }>>;
}

describe('info', () => {
  it('has the members that mc reads', async () => {
    const info = (await admin.call('GET', 'info')) as Info;
    expect(info.mode).toBe('online');
    expect(info.deploymentID).toMatch(/^[0-9a-f-]{36}$/);
    expect(info.backend).toEqual({ backendType: 'Erasure', onlineDisks: 4, offlineDisks: 0, standardSCParity: 2, rrSCParity: 1, totalSets: [1], totalDrivesPerSet: [4] });
    const host = new URL(admin.server.url).host;
    expect(info.servers[0]).toMatchObject({ state: 'online', endpoint: host, network: { [host]: 'online' }, poolNumber: 1, poolNumbers: [1] });
    expect(info.servers[0]?.drives.map(({ endpoint, state, disk_index: slot }) => [endpoint, state, slot])).toEqual(admin.drives.map((path, slot) => [path, 'ok', slot]));
    expect(info.pools['0']?.['0']?.rawCapacity).toBe(4 * (info.servers[0]?.drives[0]?.totalspace ?? 0));
  });

  it('tells a drive that has gone', async () => {
    const [first = ''] = admin.drives;
    await rename(first, `${first}.away`);
    try {
      await expect.poll(async () => ((await admin.call('GET', 'info')) as Info).servers[0]?.drives[0]?.state, { timeout: 10_000 }).toBe('offline');
      const { backend } = (await admin.call('GET', 'info')) as Info;
      expect([backend['onlineDisks'], backend['offlineDisks']]).toEqual([3, 1]);
    } finally {
      await rename(`${first}.away`, first);
    }
    await expect.poll(async () => ((await admin.call('GET', 'info')) as Info).servers[0]?.drives[0]?.state, { timeout: 20_000 }).toBe('ok');
  });
});

describe('storageinfo', () => {
  it('has drives with the times of their calls, and one entry for each pool', async () => {
    const storage = (await admin.call('GET', 'storageinfo')) as { Disks: { metrics: { lastMinute: Record<string, { count: number; acc_time_ns: number }>; apiCalls: Record<string, number> } }[]; Backend: object };
    expect(storage.Backend).toMatchObject({ Type: 2, StandardSCData: [2], RRSCData: [3], TotalSets: [1], DrivesPerSet: [4], StandardSCParity: 2, RRSCParity: 1 });
    const { lastMinute, apiCalls } = storage.Disks[1]!.metrics;
    expect(apiCalls['DiskInfo']).toBeGreaterThan(0);
    expect(lastMinute['DiskInfo']!.acc_time_ns).toBeGreaterThan(0);
  });
});

describe('an admin call', () => {
  it('that does not exist is answered as mc understands it', async () => {
    await expect(admin.call('GET', 'no-such-call')).rejects.toMatchObject({ status: 426 });
    const answer = await fetch(`${admin.server.url}/minio/admin/v2/info`);
    expect(answer.status).toBe(426);
    expect(await answer.json()).toMatchObject({ Code: 'XMinioAdminVersionMismatch', Resource: '/minio/admin/v2/info', RequestId: '', HostId: '' });
  });

  it('whose path is not well-formed is the client’s mistake', async () => {
    const answer = await fetch(`${admin.server.url}/minio/admin/v3/%zz`);
    expect(answer.status).toBe(400);
  });

  it('without a signature is refused in JSON', async () => {
    const answer = await fetch(`${admin.server.url}/minio/admin/v3/info`);
    expect(answer.status).toBe(403);
    const error = (await answer.json()) as Record<string, string>;
    expect(Object.keys(error)).toEqual(['Code', 'Message', 'Resource', 'RequestId', 'HostId']);
    expect(error).toMatchObject({ Code: 'AccessDenied', Resource: '/minio/admin/v3/info' });
  });
});

describe('get-config-kv', () => {
  it('tells support commands, sealed with the caller’s secret, that the server is registered with nobody', async () => {
    const sealed = await admin.bytes('get-config-kv', { key: 'subnet' });
    expect((await unsealPayload(admin.server.secretKey, sealed)).toString()).toBe('subnet license= api_key= proxy= \n');
    await expect(admin.bytes('get-config-kv', { key: 'api' })).rejects.toMatchObject({ status: 400, code: 'XMinioConfigError' });
  });
});

describe('inspect-data', () => {
  it('gives the format.json of every drive, sealed', async () => {
    const bytes = await admin.bytes('inspect-data', { volume: '.minio.sys', file: 'format.json' });
    expect(bytes[0]).toBe(1);
    const entries = readZip(openChunks(bytes.subarray(1, 33), bytes.subarray(33)));
    const formats = entries.filter(({ name }) => name.endsWith('/format.json')).map(({ bytes: json }) => (JSON.parse(Buffer.from(json).toString()) as { xl: { this: string; sets: string[][] } }).xl);
    expect(formats.map((xl) => xl.this)).toEqual(formats[0]?.sets[0]);
    const manifest = JSON.parse(Buffer.from(entries.at(-1)!.bytes).toString()) as { files: { drive: string; name: string }[] };
    expect(manifest.files.map(({ drive }) => drive)).toEqual(admin.drives);
  });

  it('says which drives lack the file', async () => {
    const bytes = await admin.bytes('inspect-data', { volume: 'nobucket', file: 'a/xl.meta' });
    const entries = readZip(openChunks(bytes.subarray(1, 33), bytes.subarray(33)));
    expect(entries.map(({ name }) => name)).toEqual(['manifest.json']);
    expect(Buffer.from(entries[0]!.bytes).toString()).toContain('volume-not-found');
  });
});

describe('metrics', () => {
  const token = (secret: string, claims: object, alg = 'HS512'): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${createHmac('sha512', secret).update(text).digest('base64url')}`;
  };
  const ask = (bearer: string, kind = 'cluster'): Promise<Response> => fetch(`${admin.server.url}/minio/v2/metrics/${kind}`, { headers: { authorization: `Bearer ${bearer}` } });
  const good = (): string => token(admin.server.secretKey, { exp: 4e9, iss: 'prometheus', sub: admin.server.accessKey });

  it('need a token signed with the secret key of the one it names', async () => {
    expect((await ask(good())).status).toBe(200);
    const bad = [token('other-secret', { exp: 4e9, iss: 'prometheus', sub: admin.server.accessKey }), token(admin.server.secretKey, { exp: 4e9, iss: 'other', sub: admin.server.accessKey }), token(admin.server.secretKey, { exp: 1000, iss: 'prometheus', sub: admin.server.accessKey }), token(admin.server.secretKey, { exp: 4e9, iss: 'prometheus', sub: 'nobody' }), token(admin.server.secretKey, { exp: 4e9, iss: 'prometheus', sub: admin.server.accessKey }, 'none'), 'x'];
    for (const bearer of bad) expect((await ask(bearer)).status).toBe(403);
  });

  it('have every name that the Grafana dashboards of MinIO ask for', async () => {
    await admin.call('GET', 'info');
    const names = async (kind: string): Promise<string[]> => [...(await (await ask(good(), kind)).text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    // The counters of requests appear with the first request.
    await fetch(`${admin.server.url}/`, { method: 'GET' });
    const cluster = await names('cluster');
    expect(DASHBOARD_CLUSTER.filter((name) => !cluster.includes(name))).toEqual([]);
    const node = await names('node');
    expect(DASHBOARD_NODE.filter((name) => !node.includes(name))).toEqual([]);
  });
});

/** Queried by the dashboard "MinIO Dashboard" (Grafana 13502), except those that need requests first. */
const DASHBOARD_CLUSTER = [
  'minio_cluster_bucket_total', 'minio_cluster_capacity_usable_free_bytes', 'minio_cluster_capacity_usable_total_bytes', 'minio_cluster_drive_offline_total',
  'minio_cluster_drive_online_total', 'minio_cluster_health_erasure_set_healing_drives', 'minio_cluster_health_erasure_set_online_drives',
  'minio_cluster_health_erasure_set_read_quorum', 'minio_cluster_health_erasure_set_status', 'minio_cluster_health_erasure_set_write_quorum',
  'minio_cluster_health_status', 'minio_cluster_kms_online', 'minio_cluster_kms_request_error', 'minio_cluster_kms_request_failure',
  'minio_cluster_kms_request_success', 'minio_cluster_kms_uptime', 'minio_cluster_nodes_online_total', 'minio_cluster_objects_size_distribution',
  'minio_cluster_usage_object_total', 'minio_cluster_usage_total_bytes', 'minio_heal_time_last_activity_nano_seconds', 'minio_inter_node_traffic_received_bytes',
  'minio_inter_node_traffic_sent_bytes', 'minio_node_file_descriptor_open_total', 'minio_node_go_routine_total', 'minio_node_io_rchar_bytes',
  'minio_node_io_wchar_bytes', 'minio_node_process_cpu_total_seconds', 'minio_node_process_resident_memory_bytes', 'minio_node_process_starttime_seconds',
  'minio_node_scanner_bucket_scans_finished', 'minio_node_scanner_bucket_scans_started', 'minio_node_scanner_directories_scanned',
  'minio_node_scanner_objects_scanned', 'minio_node_scanner_versions_scanned', 'minio_node_syscall_read_total', 'minio_node_syscall_write_total',
  'minio_s3_traffic_received_bytes', 'minio_s3_traffic_sent_bytes', 'minio_usage_last_activity_nano_seconds',
];
/** Queried by its dashboard of nodes. */
const DASHBOARD_NODE = [
  'minio_node_drive_errors_availability', 'minio_node_drive_errors_timeout', 'minio_node_drive_free_bytes', 'minio_node_drive_free_inodes',
  'minio_node_drive_io_waiting', 'minio_node_drive_latency_us', 'minio_node_drive_offline_total', 'minio_node_drive_online_total', 'minio_node_drive_total',
  'minio_node_drive_total_bytes', 'minio_node_drive_used_bytes',
];

it('a node that does not answer is told as offline, with its drives', () => {
  expect(silentNode('10.0.0.2:9000', 'connection refused', [], 5)).toMatchObject({ endpoint: '10.0.0.2:9000', state: 'offline', reason: 'connection refused', drives: [] });
});
