/** `get-config-kv`: settings as text, sealed. Only the one that support commands look at first is there. */
import { sealPayload } from '../../hash/index.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import { AdminError } from '../errors.js';

/** This server is registered with nobody: `mc support inspect` looks for that before it asks. */
const SETTINGS: Readonly<Record<string, string>> = { subnet: 'subnet license= api_key= proxy= \n' };

export async function getConfiguration(_room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const key = (request.query.get('key') ?? '').split(':')[0] ?? '';
  const text = SETTINGS[key];
  if (text === undefined) throw new AdminError('XMinioConfigError', `There are no settings called "${key.slice(0, 100)}": this server takes its settings from flags and the environment.`);
  return { bytes: await sealPayload(request.identity.secretKey, Buffer.from(text)), contentType: 'application/octet-stream' };
}
