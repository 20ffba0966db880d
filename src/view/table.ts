/** Tables in mc's lines. */
import type Table from 'cli-table3';

export interface TableOptions {
  /** Default: all left. */
  readonly alignments?: readonly ('left' | 'center' | 'right')[];
}

/** The rows under a head, drawn; without a final newline. */
export async function renderTable(head: readonly string[], rows: readonly (readonly string[])[], options: TableOptions = {}): Promise<string> {
  const { default: Drawn } = (await import('cli-table3')) as { default: typeof Table };
  const table = new Drawn({ style: { head: [], border: [], compact: true }, ...(options.alignments === undefined ? {} : { colAligns: [...options.alignments] }) });
  table.push([...head], ...rows.map((row) => [...row]));
  return table.toString();
}
