/** Every admin call: method, path below `/minio/admin/v3/`, MinIO's name of its handler, and what answers it. */
import type { AdminCall } from './context.js';
import { getConfiguration } from './calls/configuration.js';
import { backgroundHealStatus, emptyQuarantine, heal, listQuarantine, restoreQuarantined } from './calls/heal.js';
import { dataUsageInfo, serverInfo, storageInfo } from './calls/info.js';
import { inspectData } from './calls/inspect.js';
import { service } from './calls/service.js';
import { consoleLog, realtimeMetrics, trace } from './calls/streams.js';

interface Row {
  readonly method: string;
  /** A path that ends in a slash takes what follows it. */
  readonly path: string;
  readonly name: string;
  readonly call: AdminCall;
}

const rows: readonly Row[] = [
  { method: 'GET', path: 'info', name: 'ServerInfo', call: serverInfo },
  { method: 'GET', path: 'storageinfo', name: 'StorageInfo', call: storageInfo },
  { method: 'GET', path: 'datausageinfo', name: 'DataUsageInfo', call: dataUsageInfo },
  { method: 'POST', path: 'service', name: 'Service', call: service },
  { method: 'POST', path: 'heal/', name: 'Heal', call: heal },
  { method: 'POST', path: 'background-heal/status', name: 'BackgroundHealStatus', call: backgroundHealStatus },
  { method: 'GET', path: 'metrics', name: 'Metrics', call: realtimeMetrics },
  { method: 'GET', path: 'trace', name: 'Trace', call: trace },
  { method: 'GET', path: 'log', name: 'ConsoleLog', call: consoleLog },
  { method: 'GET', path: 'inspect-data', name: 'InspectData', call: inspectData },
  { method: 'POST', path: 'inspect-data', name: 'InspectData', call: inspectData },
  { method: 'GET', path: 'get-config-kv', name: 'GetConfigKV', call: getConfiguration },
  // What MinIO has no call for.
  { method: 'GET', path: 'mts/quarantine', name: 'ListQuarantine', call: listQuarantine },
  { method: 'POST', path: 'mts/quarantine/restore', name: 'RestoreQuarantined', call: restoreQuarantined },
  { method: 'POST', path: 'mts/quarantine/empty', name: 'EmptyQuarantine', call: emptyQuarantine },
];

interface Route {
  readonly row: Row;
  readonly rest: string;
}

/** @param path decoded, below the version, without a leading slash */
export function routeCall(method: string, path: string): Route | undefined {
  for (const row of rows) {
    if (row.method !== method) continue;
    if (row.path === path) return { row, rest: '' };
    if (row.path.endsWith('/') && `${path}/`.startsWith(row.path)) return { row, rest: path.slice(row.path.length) };
  }
  return undefined;
}
