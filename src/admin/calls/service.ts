/** `service`: restart, stop, freeze and unfreeze. The answer goes out first. */
import { AdminError } from '../errors.js';
import type { AdminAnswer, AdminRequest, AdminRoom } from '../context.js';
import type { ServiceAction } from '../node-report.js';

const ACTIONS: readonly ServiceAction[] = ['restart', 'stop', 'freeze', 'unfreeze'];

export async function service(room: AdminRoom, request: AdminRequest): Promise<AdminAnswer> {
  const wanted = request.query.get('action') ?? '';
  const action = ACTIONS.find((candidate) => candidate === wanted);
  if (action === undefined) throw new AdminError('XMinioAdminInvalidArgument', `The action must be one of ${ACTIONS.join(', ')}, not "${wanted.slice(0, 40)}".`);
  const isDryRun = request.query.get('dry-run') === 'true';
  const others = isDryRun ? [] : await room.nodes.announce(action);
  const self = room.nodes.isDistributed ? room.nodes.self : (request.message.headers.host ?? room.nodes.self);
  const results = [{ host: self }, ...others.map(({ host, error }) => (error === undefined ? { host } : { host, err: error }))];
  return {
    json: { action, dryRun: isDryRun, ...((action === 'restart' || action === 'stop') && { results }) },
    ...(!isDryRun && { afterwards: () => room.service[action]() }),
  };
}
