/** One node: its drives, its process, its scanner. */
import { allSets } from '../../cluster/index.js';
import type { AdminRoom } from '../context.js';
import type { DriveReport, NodeReport, ProcessReport } from '../node-report.js';
import { single, type Family, type Labels } from './exposition.js';

export function nodeFamilies(room: AdminRoom, report: NodeReport): Family[] {
  const server = { server: report.endpoint };
  const [set] = allSets(room.deployment);
  return [
    ...driveFamilies(report.drives, server),
    ...(report.process === undefined ? [] : processFamilies(report, report.process, server)),
    ...scannerFamilies(report, server),
    single('gauge', 'minio_node_storage_class_standard_parity', 'Parity of the standard storage class.', server, set?.defaultParity ?? 0),
    single('gauge', 'minio_node_storage_class_rrs_parity', 'Parity of the reduced redundancy storage class.', server, set?.reducedParity ?? 0),
    single('counter', 'minio_inter_node_traffic_received_bytes', 'Bytes received from other nodes.', server, report.peerTraffic.receivedBytes),
    single('counter', 'minio_inter_node_traffic_sent_bytes', 'Bytes sent to other nodes.', server, report.peerTraffic.sentBytes),
  ];
}

function driveFamilies(drives: readonly DriveReport[], server: Labels): Family[] {
  const online = drives.filter(({ state }) => state === 'ok').length;
  const perDrive = (type: Family['type'], name: string, help: string, of: (drive: DriveReport) => number | undefined): Family => ({
    name: `minio_node_drive_${name}`, help, type,
    samples: drives.flatMap((drive) => {
      const value = of(drive);
      return value === undefined ? [] : [[{ ...server, drive: drive.endpoint }, value] as const];
    }),
  });
  return [
    single('gauge', 'minio_node_drive_total', 'Drives of this node.', server, drives.length),
    single('gauge', 'minio_node_drive_online_total', 'Drives of this node that are online.', server, online),
    single('gauge', 'minio_node_drive_offline_total', 'Drives of this node that are offline.', server, drives.length - online),
    perDrive('gauge', 'total_bytes', 'Capacity of the drive.', ({ space }) => space?.totalBytes),
    perDrive('gauge', 'used_bytes', 'Used space of the drive.', ({ space }) => space?.usedBytes),
    perDrive('gauge', 'free_bytes', 'Free space of the drive.', ({ space }) => space?.freeBytes),
    perDrive('gauge', 'free_inodes', 'Files that can still be made.', ({ space }) => space?.freeInodes),
    perDrive('gauge', 'io_waiting', 'Calls under way.', ({ calls }) => calls?.waiting),
    perDrive('counter', 'errors_availability', 'Calls that failed because the drive was not there or failed.', ({ calls }) => (calls === undefined ? undefined : calls.availabilityErrors + calls.ioErrors)),
    perDrive('counter', 'errors_timeout', 'Calls that were not answered in time.', ({ calls }) => calls?.timeoutErrors),
    perDrive('counter', 'errors_ioerror', 'Calls that failed with an I/O error.', ({ calls }) => calls?.ioErrors),
    {
      name: 'minio_node_drive_latency_us',
      help: 'Mean time of the calls of the last minute, in microseconds.',
      type: 'gauge',
      samples: drives.flatMap(({ endpoint, calls }) =>
        Object.entries(calls?.recent ?? {}).map(([name, { count, totalMs }]) => [{ ...server, drive: endpoint, api: `storage.${name}` }, Math.round((totalMs * 1000) / Math.max(1, count))] as const),
      ),
    },
  ];
}

function processFamilies(report: NodeReport, process: ProcessReport, server: Labels): Family[] {
  const gauge = (name: string, help: string, value: number): Family => single('gauge', `minio_node_${name}`, help, server, value);
  const counter = (name: string, help: string, value: number): Family => single('counter', `minio_node_${name}`, help, server, value);
  return [
    gauge('file_descriptor_open_total', 'Open files.', process.openFiles),
    gauge('file_descriptor_limit_total', 'Files that may be open.', process.openFilesMax),
    gauge('go_routine_total', 'Threads of the process.', process.threads),
    counter('io_rchar_bytes', 'Bytes read by system calls.', process.readBytes),
    counter('io_wchar_bytes', 'Bytes written by system calls.', process.writtenBytes),
    counter('io_read_bytes', 'Bytes read from block devices.', process.deviceReadBytes),
    counter('io_write_bytes', 'Bytes written to block devices.', process.deviceWrittenBytes),
    counter('syscall_read_total', 'Read calls.', process.readCalls),
    counter('syscall_write_total', 'Write calls.', process.writeCalls),
    gauge('process_starttime_seconds', 'When the server started, in seconds since 1970.', report.startedMs / 1000),
    gauge('process_uptime_seconds', 'Seconds the server is up.', (report.nowMs - report.startedMs) / 1000),
    counter('process_cpu_total_seconds', 'Processor time.', process.cpuSeconds),
    gauge('process_resident_memory_bytes', 'Resident memory.', process.residentBytes),
  ];
}

function scannerFamilies({ scanner, background }: NodeReport, server: Labels): Family[] {
  const counter = (name: string, help: string, value: number): Family => single('counter', `minio_node_scanner_${name}`, help, server, value);
  return [
    counter('objects_scanned', 'Object versions met by the scanner in this cycle.', scanner?.scanned ?? 0),
    counter('versions_scanned', 'Object versions met by the scanner in this cycle.', scanner?.scanned ?? 0),
    counter('directories_scanned', 'Object versions checked on all their drives in this cycle.', scanner?.checked ?? 0),
    counter('bucket_scans_started', 'Cycles of the scanner that began.', (scanner?.cycle ?? 0) + (scanner?.isRunning === true ? 1 : 0)),
    counter('bucket_scans_finished', 'Cycles of the scanner that ended.', scanner?.cycle ?? 0),
    single('gauge', 'minio_node_healing_queue_length', 'Objects that wait to be healed.', server, background?.queued ?? 0),
  ];
}
