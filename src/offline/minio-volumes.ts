/** The drive arguments that a host's server is started with: MINIO_VOLUMES of /etc/default/minio, or the unit file. */

/** Where they stand, in this order. */
export const VOLUME_FILES = ['/etc/default/minio', '/etc/default/mts', '/etc/systemd/system/minio.service', '/etc/systemd/system/mts.service', '/lib/systemd/system/minio.service', '/usr/lib/systemd/system/minio.service'];

/** The arguments that a file names; undefined where it names none. */
export function volumesIn(text: string): string[] | undefined {
  const joined = text.replace(/\\\n\s*/g, ' ');
  const lines = joined.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^[#;]/.test(line));
  // Of an assignment given twice the last one counts.
  const assigned = lines.flatMap((line) => /^(?:export\s+)?(?:Environment\s*=\s*"?)?MINIO_VOLUMES\s*=\s*(.*)$/.exec(line)?.[1] ?? []).at(-1);
  if (assigned !== undefined) return words(assigned);
  const started = lines.flatMap((line) => /^ExecStart\s*=.*?\sserver\s+(.*)$/.exec(line)?.[1] ?? []).at(-1);
  return started === undefined ? undefined : words(started);
}

/** Drives only: flags with their values, and variables, are left out. */
function words(text: string): string[] | undefined {
  const drives: string[] = [];
  const all = text.replace(/["']/g, ' ').split(/\s+/).filter((word) => word !== '');
  for (const word of all) if (/^(https?:\/\/|\/)/.test(word)) drives.push(word);
  return drives.length === 0 ? undefined : drives;
}
