/** Where log lines of a server process go: one line for people on stderr, or pino's JSON lines on stdout. */
import { pino } from 'pino';

import type { Log } from '../base/index.js';

/** `write` takes one line without its end. */
export function humanLog(write: (line: string) => void, isQuiet: boolean): Log {
  const line = (level: string, message: string, fields: Record<string, unknown> = {}): void => {
    const details = Object.entries(fields).flatMap(([name, value]) => (value === undefined || (typeof value === 'string' && message.includes(value)) ? [] : [`${name}=${printable(value)}`]));
    write([new Date().toISOString(), level.padEnd(5), message, ...details].join(' '));
  };
  return {
    info: (message, fields) => isQuiet || line('INFO', message, fields),
    warn: (message, fields) => line('WARN', message, fields),
    error: (message, fields) => line('ERROR', message, fields),
  };
}

/** One JSON object per line; `isQuiet` leaves out what is not at least a warning. */
export function jsonLog(destination: { write(text: string): void }, isQuiet: boolean): Log {
  const logger = pino({ level: isQuiet ? 'warn' : 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, destination);
  return {
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
  };
}

/** Errors say nothing as JSON; their words do. */
function plain(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]));
}

/** Names of objects come from clients: no line breaks or terminal codes of theirs may get into the log. */
function printable(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
