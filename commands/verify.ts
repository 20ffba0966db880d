import { stat } from 'node:fs/promises';
import { Args } from '@oclif/core';
import { loadAdmin, type HealResultItem } from '../src/client/index.js';
import { loadRescue, type VerifySummary, type Wrong } from '../src/offline/index.js';
import { EXIT, Failure, formatSize, loadHealView, plural, renderTable, RescueCommand } from '../src/view/index.js';

export default class Verify extends RescueCommand<typeof Verify> {
  static override summary = 'Check every byte of every drive, and say which drive is wrong.';
  static override description = `Every shard of every version is compared with its bitrot hash, and every stripe with its parity. Changes nothing.
With the folders of drives (no server may run on them) it reads them itself; BUCKET/PREFIX after them limits it.
With ALIAS[/BUCKET[/PREFIX]] a running server, mts or MinIO, does it: a deep heal that is only tried; parity is then not compared.
Exit status: 0 nothing is wrong, 1 something is, or a drive of a set was not given, 130 interrupted.`;
  static override usage = 'verify [FLAGS] ALIAS[/BUCKET[/PREFIX]] | DRIVE... [BUCKET/PREFIX]';
  static override args = { target: Args.string({ description: 'ALIAS, or folders of drives; /data{1...4} stands for four', ignoreStdin: true }) };
  static override examples = [
    { description: 'All drives of a server that is stopped.', command: '<%= config.bin %> verify /mnt/drive{1...4}' },
    { description: 'One bucket of a running server.', command: '<%= config.bin %> verify myminio/photos' },
    { description: 'Which drives are wrong?', command: "<%= config.bin %> verify --json /mnt/drive{1...4} | jq -r 'select(.type == \"summary\") | .drives[] | select(.wrong > 0) | .path'" },
  ];

  async run(): Promise<void> {
    const words = await this.given(1);
    const [first = ''] = words;
    const isFolder = first.includes('{') || (await stat(first).catch(() => undefined)) !== undefined;
    if (!isFolder && words.length === 1 && this.place(first).kind === 'remote') return this.#server(first);
    await this.#drives(words);
  }

  async #drives(words: readonly string[]): Promise<void> {
    const { openRescue, verifyDrives } = await loadRescue();
    const { drives, source } = await this.drivesAndSource(words);
    const rescue = await openRescue(drives);
    try {
      const summary = await verifyDrives(rescue, {
        ...source,
        signal: this.signal,
        onFailure: (path, error) => this.itemFailed(`A folder on \`${path}\` cannot be listed any further.`, error),
        onWrong: async (wrong) => {
          this.say({ status: 'error', type: 'version', ...wrong }, this.#line(wrong));
          await this.outputReady();
        },
      });
      for (const { path, remark } of rescue.strays) this.itemFailed(`Nothing tells what \`${path}\` is.`, new Error(remark));
      const isFine = summary.wrongVersions === 0 && summary.missing.length === 0;
      this.say({ status: isFine ? 'success' : 'error', type: 'summary', ...summary }, this.flags.json ? undefined : await this.#text(summary, isFine));
      if (!isFine) process.exitCode = EXIT.failed;
    } finally {
      await rescue.close();
    }
  }

  #line({ bucket, key, versionId, drives, isUnclear, verdict }: Wrong): string {
    const name = `${bucket}/${key}${versionId === 'null' ? '' : ` version ${versionId}`}`;
    const states = drives.map(({ path, state }) => `${path} ${state}`);
    const unclear = isUnclear ? ['shards contradict each other, and nothing tells which is wrong'] : [];
    return `${verdict === 'lost' ? this.paint.bad('LOST') : this.paint.size('WRONG')} ${name}: ${[...states, ...unclear].join('; ')}`;
  }

  async #text({ drives, missing, versions, wrongVersions, bytes, unproven }: VerifySummary, isFine: boolean): Promise<string> {
    const rows = drives.map(({ path, set, slot, wrong, states }) => [path, `${set}${slot === undefined ? '' : `, drive ${slot + 1}`}`, String(states.ok ?? 0), ...(['corrupt', 'missing', 'outdated', 'unfit'] as const).map((state) => this.#count(states[state] ?? 0)), wrong === 0 ? this.paint.good('good') : this.paint.bad('wrong')]);
    const gone = missing.map(({ set, slots }) => this.paint.bad(`Not given: ${set}, drive ${slots.map((slot) => slot + 1).join(', ')}.`));
    const note = unproven === 0 ? [] : [`${plural(unproven, 'version')} had no spare shards: their hashes were checked, their parity could not be.`];
    const verdict = isFine ? this.paint.good(`Nothing is wrong with ${plural(versions, 'version')}, ${formatSize(bytes)}.`) : this.paint.bad(`Something is wrong with ${wrongVersions} of ${plural(versions, 'version')}, ${formatSize(bytes)}.`);
    return [await renderTable(['Drive', 'Is', 'Good', 'Corrupt', 'Missing', 'Outdated', 'Unfit', 'Verdict'], rows, { alignments: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'] }), ...gone, ...note, verdict].join('\n');
  }

  #count(count: number): string {
    return count === 0 ? '0' : this.paint.bad(String(count));
  }

  async #server(text: string): Promise<void> {
    const place = this.place(text);
    if (place.kind === 'local') throw new Failure(`Unable to verify \`${text}\`.`, new Error('it is neither a folder nor an alias'));
    const [{ Admin, runHeal }, view] = [await loadAdmin(), await loadHealView()];
    const admin = new Admin(place.s3);
    const path = [place.bucket, place.key].filter((part) => part !== '').join('/');
    const settings = { recursive: true, dryRun: true, remove: false, scanMode: 2 } as const;
    const run = await runHeal(admin, path, settings, { force: false, signal: this.signal }).catch((error: unknown) => {
      throw new Failure(`Unable to verify \`${text}\`.`, error);
    });
    const forget = this.onInterrupt(() => admin.stopHeal(path).then(() => undefined, () => undefined));
    const wrongOf = new Map<string, number>();
    let [items, wrong] = [0, 0];
    let step = await run.items.next();
    for (; step.done !== true; step = await run.items.next()) {
      for (const item of step.value) {
        items++;
        if (view.wasWhole(item)) continue;
        wrong++;
        for (const { endpoint = '' } of badDrives(item)) wrongOf.set(endpoint, (wrongOf.get(endpoint) ?? 0) + 1);
        this.say({ ...view.healItemObject(item), status: 'error' }, `${this.paint.size('WRONG')} ${view.healItemName(item)}: ${badDrives(item).map(({ endpoint = '', state }) => `${endpoint} ${state}`).join('; ')}`);
        await this.outputReady();
      }
    }
    forget();
    if (step.value.detail !== '') throw new Failure(`Unable to verify all of \`${text}\`.`, new Error(step.value.detail));
    const drives = [...wrongOf].map(([endpoint, count]) => `${endpoint}: ${plural(count, 'version')} wrong`);
    const sentence = wrong === 0 ? this.paint.good(`Nothing is wrong with ${plural(items, 'item')}.`) : this.paint.bad(`Something is wrong with ${wrong} of ${plural(items, 'item')}.`);
    this.say({ status: wrong === 0 ? 'success' : 'error', type: 'summary', items, wrong, drives: Object.fromEntries(wrongOf) }, [...drives, sentence].join('\n'));
    if (wrong > 0) process.exitCode = EXIT.failed;
  }
}

function badDrives({ before }: HealResultItem) {
  return (before.drives ?? []).filter(({ state }) => state !== 'ok');
}
