/** The machine of one node: processor, memory, network. */
import type { NodeReport } from '../node-report.js';
import { single, type Family } from './exposition.js';

export function resourceFamilies({ endpoint, process, drives }: NodeReport): Family[] {
  if (process === undefined) return [];
  const server = { server: endpoint };
  const gauge = (name: string, help: string, value: number, labels = {}): Family => single('gauge', `minio_node_${name}`, help, { ...server, ...labels }, value);
  const used = process.memoryTotalBytes - process.memoryAvailableBytes;
  return [
    gauge('cpu_avg_load1', 'Load average of a minute.', process.load[0]),
    gauge('cpu_avg_load5', 'Load average of 5 minutes.', process.load[1]),
    gauge('cpu_avg_load15', 'Load average of 15 minutes.', process.load[2]),
    gauge('cpu_avg_load1_perc', 'Load average of a minute, in percent of the processors.', (process.load[0] * 100) / Math.max(1, process.cpuCount)),
    gauge('mem_total', 'Memory of the machine.', process.memoryTotalBytes),
    gauge('mem_used', 'Memory in use.', used),
    gauge('mem_used_perc', 'Memory in use, in percent.', (used * 100) / Math.max(1, process.memoryTotalBytes)),
    gauge('mem_free', 'Memory that nothing uses.', process.memoryFreeBytes),
    gauge('mem_available', 'Memory that can be had.', process.memoryAvailableBytes),
    ...process.networks.flatMap(({ name, receivedBytes, sentBytes, receiveErrors, sendErrors }) => [
      gauge('if_rx_bytes', 'Bytes received by the interface.', receivedBytes, { interface: name }),
      gauge('if_tx_bytes', 'Bytes sent by the interface.', sentBytes, { interface: name }),
      gauge('if_rx_errors', 'Errors while receiving.', receiveErrors, { interface: name }),
      gauge('if_tx_errors', 'Errors while sending.', sendErrors, { interface: name }),
    ]),
    ...drives.flatMap(({ endpoint: drive, space }) => (space === undefined ? [] : [
      gauge('drive_used_bytes', 'Used space of the drive.', space.usedBytes, { drive }),
      gauge('drive_free_bytes', 'Free space of the drive.', space.freeBytes, { drive }),
      gauge('drive_total_bytes', 'Capacity of the drive.', space.totalBytes, { drive }),
    ])),
  ];
}
