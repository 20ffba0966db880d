import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import { loadTransfers, parseDurationMs, PERF_OPS, runPerf, type PerfEndpoint, type PerfOp } from '../src/client/index.js';
import { EXIT_HELP, MtsCommand, PERF_COLUMNS, perfCells, perfRowJson, renderTable } from '../src/view/index.js';

export default class Perf extends MtsCommand<typeof Perf> {
  static override summary = 'measure how fast S3 servers are';
  static override description = `Sends one kind of request after another and shows throughput, requests per second and latencies. With --vs the two servers take
turns in short slices, so that whatever else the machines do weighs on both alike. Works in a temporary bucket unless --bucket
names one; either way only what it wrote is removed. ${EXIT_HELP}`;
  static override usage = 'perf [FLAGS] ALIAS';
  static override examples = [
    '<%= config.bin %> perf local',
    '<%= config.bin %> perf local --vs other --op get,stat --size 4KiB -c 16 -d 10s',
  ];
  static override flags = {
    vs: Flags.string({ description: 'another alias to compare with' }),
    op: Flags.string({ default: 'put,get,stat,list,delete,mixed', description: `what to measure: ${PERF_OPS.join(', ')}` }),
    size: Flags.string({ default: '1MiB', description: 'size of the objects' }),
    concurrency: Flags.integer({ char: 'c', default: 8, min: 1, max: 1000, description: 'requests in flight' }),
    duration: Flags.string({ char: 'd', default: '5s', description: 'time for each operation and server' }),
    objects: Flags.integer({ default: 500, min: 1, description: 'objects to read, list or delete' }),
    bucket: Flags.string({ description: 'bucket to work in, instead of a temporary one' }),
  };

  async run(): Promise<void> {
    const [name = ''] = await this.given(1, 1);
    const { parseSize } = await loadTransfers();
    const { flags } = this;
    const ops = flags.op.split(',').map((text) => parseOp(text.trim()));
    const endpoints = [name, ...(flags.vs === undefined ? [] : [flags.vs])].map((alias) => this.#endpoint(alias));
    const durationMs = parseDurationMs(flags.duration);
    if (durationMs === undefined || durationMs <= 0) throw new UsageError(`\`${flags.duration}\` is no duration.`, 'Write it like 10s or 1m.');
    const run = this.#measure(endpoints, {
      ops,
      sizeBytes: parseSize(flags.size, '--size'),
      concurrency: flags.concurrency,
      durationMs,
      objects: flags.objects,
      bucket: flags.bucket,
    });
    const forget = this.onInterrupt(() => run.then(() => undefined, () => undefined));
    await run;
    forget();
  }

  async #measure(endpoints: readonly PerfEndpoint[], options: Omit<Parameters<typeof runPerf>[1], 'signal' | 'onStage'>): Promise<void> {
    const isShown = process.stderr.isTTY && !this.flags.quiet && !this.flags.json;
    const onStage = (text: string): void => {
      if (isShown) process.stderr.write(`\r\u001b[K${text}`);
    };
    const rows: string[][] = [];
    for await (const result of runPerf(endpoints, { ...options, signal: this.signal, onStage })) {
      result.rows.forEach((row, index) => this.say(perfRowJson(row, index === 0 ? result.ratio : undefined), undefined));
      rows.push(...perfCells(result));
      if (result.rows.some((row) => row.errors > 0)) process.exitCode = 1;
    }
    if (isShown) process.stderr.write('\r\u001b[K');
    if (!this.flags.json) this.print(await renderTable(PERF_COLUMNS, rows));
  }

  #endpoint(name: string): PerfEndpoint {
    const alias = this.session.aliases.find(name.replace(/\/$/, ''));
    if (!alias) throw new UsageError(`No such alias \`${name}\` found.`, 'See `mts alias list`.');
    return {
      name: alias.name,
      url: new URL(alias.url),
      accessKey: alias.accessKey,
      secretKey: alias.secretKey,
      sessionToken: alias.sessionToken,
      region: process.env['MC_REGION'] ?? process.env['AWS_REGION'] ?? 'us-east-1',
      isInsecure: this.flags.insecure,
    };
  }
}

function parseOp(text: string): PerfOp {
  const op = PERF_OPS.find((candidate) => candidate === text);
  if (!op) throw new UsageError(`\`${text}\` is no operation.`, `Choose from ${PERF_OPS.join(', ')}.`);
  return op;
}
