import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { loadAdmin, type ClusterState } from '../../src/client/index.js';
import { AdminCommand, CLUSTER_EXIT, CLUSTER_EXIT_HELP, Failure, loadClusterView } from '../../src/view/index.js';

export default class ClusterStatus extends AdminCommand<typeof ClusterStatus> {
  static override summary = 'Show how a cluster is: nodes, sets, drives, and what more it survives.';
  static override description = `Works with mts and MinIO servers. With --local no server is needed: the folders of drives of this machine are looked at.

Drives are online, offline, unformatted, foreign (of another deployment), doubled, misplaced, healing, full, read-only, slow, faulty,
corrupt or unknown. Clock offsets are against the node that was asked.

${CLUSTER_EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS, or with --local folders of drives', ignoreStdin: true }) };
  static override flags = {
    local: Flags.boolean({ description: 'look at the folders given, without a server' }),
    watch: Flags.boolean({ char: 'w', description: 'again and again, until Ctrl-C' }),
    interval: Flags.integer({ description: 'seconds between looks', default: 2, min: 1 }),
  };
  static override examples = [
    { description: 'How is the cluster?', command: '<%= config.bin %> cluster status local' },
    { description: 'Watch a drive being healed.', command: '<%= config.bin %> cluster status --watch local' },
    { description: 'Look at drives before a server is started on them.', command: '<%= config.bin %> cluster status --local /mnt/drive{1...4}' },
    { description: 'In a script: is anything wrong?', command: '<%= config.bin %> cluster status --json local > /dev/null || echo "look at it"' },
  ];

  async run(): Promise<void> {
    const targets = await this.given(1, this.flags.local ? Infinity : 1);
    const look = this.flags.local ? await this.#localLook(targets) : await this.#serverLook(targets[0] ?? '');
    for (;;) {
      const state = await look();
      await this.#show(state);
      process.exitCode = CLUSTER_EXIT[state.health];
      if (!this.flags.watch) return;
      await sleep(this.flags.interval * 1000, undefined, { signal: this.signal });
    }
  }

  async #serverLook(target: string): Promise<() => Promise<ClusterState>> {
    const { admin } = await this.target(target);
    const { clusterState } = await loadAdmin();
    return async () => {
      const [info, storage, background] = await Promise.all([
        admin.info(this.signal).catch((error: unknown) => {
          throw new Failure('Unable to get the state of the cluster.', error);
        }),
        // A server with a single drive has no background healing, and old ones no storage info: the rest says enough.
        admin.storageInfo(this.signal).catch(() => undefined),
        admin.backgroundHeal(this.signal).catch(() => undefined),
      ]);
      return clusterState({ info, storage, background, nowMs: Date.now() });
    };
  }

  async #localLook(folders: readonly string[]): Promise<() => Promise<ClusterState>> {
    const { localCluster } = await import('../../src/offline/index.js');
    return () => localCluster(folders);
  }

  async #show(state: ClusterState): Promise<void> {
    const { clusterObject, clusterText } = await loadClusterView();
    const text = this.flags.json ? undefined : clusterText(state, this.terminal.columns, this.paint);
    // On a terminal each look takes the place of the one before.
    if (this.flags.watch && this.terminal.isTty && !this.flags.json) this.print(`\u001b[H\u001b[2J${text ?? ''}`);
    else this.say(clusterObject(state), this.flags.watch ? `${text ?? ''}\n` : text);
    this.flushOutput();
  }

  protected override async catch(error: Error): Promise<void> {
    await super.catch(error);
    process.exitCode = CLUSTER_EXIT.unknown;
  }
}
