/** Lines of a server's log, as mc shows them. */
import type { LogLine } from '../client/index.js';
import { formatTime } from './time.js';
import type { Palette } from './terminal.js';

/** One line for what the server said, a block for what went wrong. */
export function logText(line: LogLine, paint: Palette): string {
  const node = line.node === undefined || line.node === '' ? '' : `${line.node} `;
  if (line.ConsoleMsg !== undefined && line.ConsoleMsg !== '') return `${node}${line.time === undefined ? '' : `${paint.time(formatTime(new Date(line.time)))} `}${line.ConsoleMsg.trimEnd()}`;
  const { error, api } = line;
  const args = Object.entries(api?.args ?? {}).map(([name, value]) => `${name}=${text(value)}`).join(', ');
  const rows: [string, string][] = [
    ['API', `${api?.name ?? ''}${args === '' ? '' : `(${args})`}`],
    ['Time', line.time === undefined ? '' : formatTime(new Date(line.time))],
    ['DeploymentID', line.deploymentid ?? ''],
    [line.level === 'WARNING' ? 'Warning' : 'Error', (line.level === 'WARNING' ? paint.size : paint.bad)(error?.message ?? '')],
    ...Object.entries(error?.variables ?? {}).map(([name, value]): [string, string] => [`  ${name}`, text(value)]),
    ...(error?.source ?? []).map((source, index): [string, string] => [`  ${index + 1}`, source]),
  ];
  return rows.filter(([, value]) => value !== '').map(([name, value]) => `${node}${name}: ${value}`).join('\n');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function logObject(line: LogLine): object {
  return { status: 'success', ...line };
}
