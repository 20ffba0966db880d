/** What Linux tells of this process and its machine; zeros where there is no /proc. */
import { readdir, readFile } from 'node:fs/promises';
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import type { ProcessReport } from './node-report.js';

export async function processReport(): Promise<ProcessReport> {
  const [io, limits, status, memory, networks, openFiles] = await Promise.all([
    readProc('self/io'), readProc('self/limits'), readProc('self/status'), readProc('meminfo'), readProc('net/dev'),
    readdir('/proc/self/fd').then((names) => names.length, () => 0),
  ]);
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    openFiles,
    openFilesMax: Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0),
    readBytes: field(io, 'rchar'),
    writtenBytes: field(io, 'wchar'),
    deviceReadBytes: field(io, 'read_bytes'),
    deviceWrittenBytes: field(io, 'write_bytes'),
    readCalls: field(io, 'syscr'),
    writeCalls: field(io, 'syscw'),
    threads: field(status, 'Threads'),
    cpuCount: cpus().length,
    load: [load1, load5, load15],
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(),
    memoryAvailableBytes: field(memory, 'MemAvailable') * 1024 || freemem(),
    networks: parseNetworks(networks),
  };
}

async function readProc(name: string): Promise<string> {
  return readFile(`/proc/${name}`, 'utf8').catch(() => '');
}

/** The number behind `name:`. */
function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

function parseNetworks(text: string): ProcessReport['networks'] {
  return [...text.matchAll(/^\s*(\S+):\s*([\d ]+)$/gm)].map(([, name = '', numbers = '']) => {
    const [receivedBytes = 0, , receiveErrors = 0, , , , , , sentBytes = 0, , sendErrors = 0] = numbers.trim().split(/ +/).map(Number);
    return { name, receivedBytes, sentBytes, receiveErrors, sendErrors };
  });
}
