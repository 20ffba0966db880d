/** `/minio/health/...`: what load balancers, orchestrators and `mc ready` ask. Without a signature, without a body. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { allSets, readQuorum, writeQuorum, type Deployment, type ErasureSet } from '../cluster/index.js';
import type { Drive } from '../drive/index.js';

interface HealthOptions {
  /** undefined while the server starts. */
  readonly deployment: () => Deployment | undefined;
  /** True where no storage class was configured. */
  readonly hasDefaultClasses: boolean;
}

/** A drive that does not say within this time how it is counts as it did before. */
const DRIVE_ANSWER_MS = 1000;
const PREFIX = '/minio/health/';

/** Answers a health request; false where it is none. */
export function answerHealth(request: IncomingMessage, response: ServerResponse, options: HealthOptions): boolean {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (!path.startsWith(PREFIX)) return false;
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') end(response, 405, { Allow: 'GET, HEAD' });
  else void answer(path.slice(PREFIX.length), new URLSearchParams(query), response, options);
  return true;
}

async function answer(probe: string, query: URLSearchParams, response: ServerResponse, options: HealthOptions): Promise<void> {
  const deployment = options.deployment();
  switch (probe) {
    case 'live':
    case 'ready':
      return end(response, 200, deployment === undefined ? { 'x-minio-server-status': 'unavailable' } : {});
    case 'cluster':
    case 'cluster/read': {
      if (deployment === undefined) return end(response, 503, { 'x-minio-server-status': 'unavailable' });
      await lookAtDrives(deployment);
      // Before maintenance it is asked whether the others can do without this server.
      const isMaintenance = query.get('maintenance') === 'true';
      const healthOf = probe === 'cluster' ? writeHealth : readHealth;
      const health = healthOf(deployment, isOnline);
      const isReady = !isMaintenance || healthOf(deployment, (drive) => isOnline(drive) && drive?.isLocal === false).isHealthy;
      const headers = { ...health.headers, 'X-Minio-Storage-Class-Defaults': String(options.hasDefaultClasses) };
      return end(response, !health.isHealthy ? 503 : isReady ? 200 : 412, headers);
    }
    default:
      return end(response, 404, {});
  }
}

interface Health {
  readonly isHealthy: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

type Counts = (drive: Drive | undefined) => boolean;

function isOnline(drive: Drive | undefined): boolean {
  return drive?.state === 'online';
}

/** Every set can take writes, with those of its drives that count. */
function writeHealth(deployment: Deployment, counts: Counts): Health {
  const sets = allSets(deployment);
  const quorumOf = (set: ErasureSet): number => writeQuorum(set.size - set.defaultParity, set.defaultParity);
  const healing = sets.reduce((sum, set) => sum + set.drives.filter((drive) => drive !== undefined && set.isHealing(drive)).length, 0);
  return {
    isHealthy: sets.every((set) => set.drives.filter(counts).length >= quorumOf(set)),
    headers: { 'X-Minio-Write-Quorum': String(Math.max(...sets.map(quorumOf))), ...(healing > 0 && { 'X-Minio-Healing-Drives': String(healing) }) },
  };
}

/** Every set can be read, with those of its drives that count. */
function readHealth(deployment: Deployment, counts: Counts): Health {
  const sets = allSets(deployment);
  const quorumOf = (set: ErasureSet): number => readQuorum(set.size - set.defaultParity);
  return {
    isHealthy: sets.every((set) => set.drives.filter(counts).length >= quorumOf(set)),
    headers: { 'X-Minio-Read-Quorum': String(Math.max(...sets.map(quorumOf))) },
  };
}

/** A call makes each drive look at itself (at most once a second); its state is then of now. */
async function lookAtDrives(deployment: Deployment): Promise<void> {
  const drives = allSets(deployment).flatMap((set) => set.drives.flatMap((drive) => drive ?? []));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRIVE_ANSWER_MS);
  });
  await Promise.race([Promise.allSettled(drives.map((drive) => drive.info())), late]);
  clearTimeout(timer);
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { ...headers, 'Content-Length': '0' });
  response.end();
}
