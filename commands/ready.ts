import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { isS3Error, type S3 } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, targetArguments, unknownAlias } from '../src/view/index.js';

const WAIT_MS = 5000;

interface Health {
  readonly healthy: boolean;
  readonly maintenanceMode: boolean;
  readonly writeQuorum: number;
  readonly healingDrives: number;
}

export default class Ready extends MtsCommand<typeof Ready> {
  static override summary = 'Wait until a cluster can serve.';
  static override description = `Asks every five seconds until the answer is yes. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    'cluster-read': Flags.boolean({ description: 'wait only until it can be read' }),
    maintenance: Flags.boolean({ description: 'wait until it could go on without the server that answers' }),
  };
  static override examples = [{ description: 'Wait, then copy.', command: '<%= config.bin %> ready local && <%= config.bin %> cp a.txt local/photos/' }];

  async run(): Promise<void> {
    const [target = ''] = await this.given(1, 1);
    const place = this.place(target);
    if (place.kind === 'local') throw new Failure(`Unable to ask \`${target}\`.`, unknownAlias(target).cause);
    for (;;) {
      const health = await this.#ask(place.s3);
      const sentence = `The cluster '${place.alias}' is ${health.healthy ? 'ready' : 'not ready'}`;
      this.say({ status: 'success', alias: place.alias, ...health, error: null }, sentence);
      this.flushOutput();
      if (health.healthy) return;
      await sleep(WAIT_MS, undefined, { signal: this.signal });
    }
  }

  /** A server that does not answer is not ready; that is what people wait for. */
  async #ask(s3: S3): Promise<Health> {
    const { 'cluster-read': readOnly, maintenance } = this.flags;
    const plainPath = `/minio/health/cluster${readOnly ? '/read' : ''}`;
    try {
      const answer = await s3.request({ method: 'GET', plainPath, query: { maintenance: maintenance ? 'true' : undefined }, attempts: 1 });
      answer.body.resume();
      const number = (name: string): number => Number(answer.headers[name] ?? 0);
      return { healthy: true, maintenanceMode: maintenance, writeQuorum: number('x-minio-write-quorum'), healingDrives: number('x-minio-healing-drives') };
    } catch (error) {
      if (isS3Error(error) && error.status === 404) throw new Failure('The server does not know this health check.', error);
      return { healthy: false, maintenanceMode: maintenance, writeQuorum: 0, healingDrives: 0 };
    }
  }
}
