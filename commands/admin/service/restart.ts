import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import type { Admin, ServiceResult } from '../../../src/client/index.js';
import { AdminCommand, EXIT_HELP, Failure, restartObject, restartText } from '../../../src/view/index.js';

const POLL_MS = 200;
/** A server that has not come back by then needs to be looked at. */
const RETURN_LIMIT_MS = 120_000;

export default class AdminServiceRestart extends AdminCommand<typeof AdminServiceRestart> {
  static override summary = 'Restart all servers of a cluster.';
  static override description = `Requests in flight are finished first. Waits until the server answers again. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override flags = {
    'dry-run': Flags.boolean({ description: 'only ask whether the servers could be told' }),
    wait: Flags.boolean({ char: 'w', hidden: true }),
  };
  static override examples = [{ description: 'Restart a server.', command: '<%= config.bin %> admin service restart local' }];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { admin, alias } = await this.target(text);
    const startedMs = performance.now();
    const uptimeBefore = (await admin.info(this.signal).catch(() => undefined))?.servers?.[0]?.uptime ?? 0;
    const result = await admin.service('restart', this.flags['dry-run']).catch((error: unknown): ServiceResult => {
      throw new Failure('Unable to restart the server.', error);
    });
    if (!this.flags['dry-run']) await this.#waitForReturn(admin, uptimeBefore, startedMs);
    const report = { alias, result, restartMs: performance.now() - startedMs };
    this.say(restartObject(report), restartText(report, this.paint));
    if (result.results?.some(({ err }) => err !== undefined) === true) process.exitCode = 1;
  }

  /** It is back when it answers with less time behind it than before, or with less than this wait has taken. */
  async #waitForReturn(admin: Admin, uptimeBefore: number, startedMs: number): Promise<void> {
    while (performance.now() - startedMs < RETURN_LIMIT_MS) {
      await sleep(POLL_MS, undefined, { signal: this.signal });
      const info = await admin.info(AbortSignal.timeout(5000)).catch(() => undefined);
      const uptime = info?.servers?.[0]?.uptime;
      if (uptime !== undefined && (uptime < uptimeBefore || uptime <= (performance.now() - startedMs) / 1000)) return;
    }
    throw new Failure('The server has not come back.', new Error(`It did not answer for ${RETURN_LIMIT_MS / 1000} seconds after it was told to restart; look at its log.`));
  }
}
