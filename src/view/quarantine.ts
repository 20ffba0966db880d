/** What is in the quarantine, as a table. */
import type { QuarantinedItem } from '../client/index.js';
import { formatSize } from './size.js';
import { renderTable } from './table.js';
import { formatTime } from './time.js';

export async function quarantineTable(items: readonly QuarantinedItem[]): Promise<string> {
  if (items.length === 0) return 'The quarantine is empty.';
  const rows = items.map(({ id, bucket, object, versionId, size, quarantined, drives, reason }) => [
    id, `${bucket}/${object}${versionId === '' || versionId === 'null' ? '' : ` (${versionId})`}`, formatSize(size), formatTime(new Date(quarantined)), String(drives.length), reason,
  ]);
  return renderTable(['Id', 'Object', 'Size', 'Since', 'Copies', 'Reason'], rows);
}
