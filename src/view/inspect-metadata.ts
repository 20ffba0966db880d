/** How `inspect` shows a file of metadata that is no xl.meta: every value by its name. */
import { renderTable } from './table.js';
import type { Palette } from './terminal.js';

interface MetadataReport {
  readonly path: string;
  readonly kind: string;
  readonly size: number;
  readonly content: unknown;
}

export async function metadataReportText({ path, kind, size, content }: MetadataReport, paint: Palette): Promise<string> {
  return [`${paint.strong(path)}: ${kind}, ${size} bytes`, await renderTable(['Name', 'Value'], rowsOf(content, ''))].join('\n');
}

export function metadataReportObject({ path, kind, size, content }: MetadataReport): object {
  return { status: 'success', path, kind, size, content };
}

function rowsOf(value: unknown, name: string): string[][] {
  if (typeof value !== 'object' || value === null) return [[name, harmless(value)]];
  const entries = Array.isArray(value) ? value.map((item: unknown, i): [string, unknown] => [`${name}[${i + 1}]`, item]) : Object.entries(value).map(([key, item]: [string, unknown]): [string, unknown] => [name === '' ? key : `${name}.${key}`, item]);
  return entries.length === 0 ? [[name, Array.isArray(value) ? '(none)' : '']] : entries.flatMap(([key, item]) => rowsOf(item, key));
}

/** Text of a file must not drive the terminal. */
function harmless(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.replace(/[^\P{C}\n\t]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
