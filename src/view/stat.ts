/** How `stat` shows objects and buckets. */
import type { BucketFacts, ObjectStat } from '../client/index.js';
import { formatSize } from './size.js';
import { formatJsonTime, formatTime } from './time.js';

const LABEL_COLUMNS = 10;
const row = (label: string, value: string): string => `${label.padEnd(LABEL_COLUMNS)}: ${value}`;

export function statBlock(stat: ObjectStat): string {
  const { name, modifiedAt, sizeBytes, etag, versionId, type, checksum, metadata, expiration, restore, replicationStatus } = stat;
  const lines = [row('Name', name)];
  if (modifiedAt !== undefined) lines.push(row('Date', `${formatTime(modifiedAt)} `));
  if (type === 'file') lines.push(row('Size', `${formatSize(sizeBytes).padEnd(6)} `));
  if (etag !== '') lines.push(row('ETag', `${etag} `));
  if (versionId !== undefined) lines.push(row('VersionID', `${versionId} `));
  lines.push(row('Type', `${type} `));
  if (expiration !== undefined) lines.push(row('Expiration', expiration));
  if (restore !== undefined) lines.push(row('Restore', restore));
  if (replicationStatus !== undefined) lines.push(row('Replication Status', replicationStatus));
  for (const [kind, value] of Object.entries(checksum ?? {})) lines.push(row('Checksum', `${kind}:${value}`));
  const names = Object.keys(metadata);
  if (names.length > 0) {
    const width = Math.max(...names.map(({ length }) => length));
    lines.push(row('Metadata', '').trimEnd(), ...names.map((key) => `  ${key.padEnd(width)}: ${metadata[key] ?? ''} `));
  }
  return `${lines.join('\n')}\n`;
}

export function statObjectJson(stat: ObjectStat): object {
  const { name, modifiedAt, sizeBytes, etag, type, versionId, isDeleteMarker, metadata, checksum, replicationStatus, expiration, restore } = stat;
  return {
    status: 'success', name, lastModified: formatJsonTime(modifiedAt ?? new Date(-62_135_596_800_000)), size: sizeBytes, etag, type,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(versionId === undefined ? {} : { versionID: versionId }),
    ...(isDeleteMarker === true ? { deleteMarker: true } : {}),
    ...(expiration === undefined ? {} : { expiration }),
    ...(restore === undefined ? {} : { restore }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(replicationStatus === undefined ? {} : { replicationStatus }),
  };
}

/** mc's words for what anyone may do: none, readonly, writeonly, readwrite, custom. */
function accessOf(policy: string | undefined): string {
  if (policy === undefined) return 'none';
  let statements: readonly { Effect?: string; Action?: string | string[] }[] = [];
  try {
    statements = (JSON.parse(policy) as { Statement?: typeof statements }).Statement ?? [];
  } catch {
    return 'custom';
  }
  const actions = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action = [] }) => Action);
  const [canRead, canWrite] = [actions.includes('s3:GetObject'), actions.includes('s3:PutObject')];
  return canRead ? (canWrite ? 'readwrite' : 'readonly') : canWrite ? 'writeonly' : 'custom';
}

const lockOf = (facts: BucketFacts): { enabled: string; mode: string; validity: string } => {
  const retention = facts.objectLock?.Rule?.DefaultRetention;
  const validity = retention?.Days !== undefined ? `${retention.Days}DAYS` : retention?.Years !== undefined ? `${retention.Years}YEARS` : '';
  return { enabled: facts.objectLock?.ObjectLockEnabled ?? '', mode: retention?.Mode ?? '', validity };
};

export function bucketObject(name: string, facts: BucketFacts): object {
  const { versioning, encryption, replication, policy, location, tags, lifecycle, notification, usage } = facts;
  const { LambdaFunctionConfigurations, TopicConfigurations, QueueConfigurations } = notification;
  return {
    status: 'success', name: `${name}/`, lastModified: formatJsonTime(new Date()), size: 0,
    Versioning: { status: versioning.status, MFADelete: versioning.mfaDelete },
    Encryption: encryption === undefined ? {} : { algorithm: encryption.SSEAlgorithm, ...(encryption.KMSMasterKeyID === undefined ? {} : { keyId: encryption.KMSMasterKeyID }) },
    ObjectLock: lockOf(facts),
    Replication: { enabled: replication !== undefined, config: { Rules: replication?.Rules ?? null, Role: replication?.Role ?? '' } },
    Policy: { type: accessOf(policy), ...(policy === undefined ? {} : { policy }) },
    location,
    ...(tags === undefined ? {} : { tagging: tags }),
    ilm: lifecycle === undefined ? {} : { config: { Rules: lifecycle } },
    notification: { config: { LambdaConfigs: LambdaFunctionConfigurations ?? null, TopicConfigs: TopicConfigurations ?? null, QueueConfigs: QueueConfigurations ?? null } },
    ...(usage === undefined ? {} : { Usage: usage }),
  };
}

export function bucketBlock(name: string, facts: BucketFacts): string {
  const { versioning, encryption, replication, policy, location, tags, lifecycle, usage } = facts;
  const lock = lockOf(facts);
  const lines = [
    row('Name', name), row('Date', `${formatTime(new Date())} `), row('Size', 'N/A    '), row('Type', 'folder '), '', 'Properties:',
    `  Versioning: ${versioning.status === '' ? 'Un-versioned' : versioning.status}`,
    ...(encryption === undefined ? [] : [`  Encryption: ${encryption.SSEAlgorithm ?? ''}`]),
    ...(lock.enabled === '' || lock.mode === '' ? [] : ['  LockConfiguration: ', `    RetentionMode: ${lock.mode}`, `    Retention Until Date: ${lock.validity}`]),
    ...(replication === undefined ? [] : ['  Replication: Enabled']),
    `  Location: ${location}`,
    `  Anonymous: ${policy === undefined ? 'Disabled' : 'Enabled'}`,
    ...(tags === undefined ? [] : [`  Tagging: ${Object.entries(tags).map(([key, value]) => `${key}:${value}`).join(', ')}`]),
    `  ILM: ${lifecycle === undefined ? 'Disabled' : 'Enabled'}`,
    '',
  ];
  if (usage !== undefined) {
    lines.push('Usage:', `      Total size: ${formatSize(usage.size)}`, `   Objects count: ${usage.objectsCount}`, `  Versions count: ${usage.versionsCount}`, '');
    const histogram = Object.entries(usage.objectsSizesHistogram ?? {});
    if (histogram.length > 0) lines.push('Object sizes histogram:', ...histogram.map(([range, count]) => `   ${count} object(s) ${range}`));
  }
  return lines.join('\n');
}
