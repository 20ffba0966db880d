import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { UsageError } from '../src/base/index.js';
import type { RemotePlace, S3 } from '../src/client/index.js';
import { EXIT_HELP, Failure, MtsCommand, renderTable, targetArguments, unknownAlias } from '../src/view/index.js';

interface Tally {
  readonly s3: S3;
  readonly url: URL;
  minNs: number;
  maxNs: number;
  sumNs: number;
  errorCount: number;
  consecutiveErrors: number;
  lastError: string;
  count: number;
}

const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(2)}ms`;

export default class Ping extends MtsCommand<typeof Ping> {
  static override summary = 'Ask servers whether they are alive, and how fast.';
  static override description = `Goes on until Ctrl-C unless a count is given. ${EXIT_HELP}`;
  static override args = targetArguments;
  static override flags = {
    count: Flags.integer({ char: 'c', description: 'that many rounds, 0 for no end', default: 0, min: 0 }),
    'error-count': Flags.integer({ char: 'e', description: 'end after that many errors in a row', min: 1 }),
    exit: Flags.boolean({ char: 'x', description: 'end when all servers answer' }),
    interval: Flags.integer({ char: 'i', description: 'seconds between rounds', default: 1, min: 0 }),
  };
  static override examples = [
    { description: 'Four rounds.', command: '<%= config.bin %> ping -c 4 local' },
    { description: 'Wait until a server is up.', command: '<%= config.bin %> ping -x local' },
  ];

  async run(): Promise<void> {
    const places = (await this.given(1)).map((target) => this.#server(target));
    const tallies = places.map(({ s3 }): Tally => ({
      s3, url: new URL(s3.alias.url), minNs: Infinity, maxNs: 0, sumNs: 0, errorCount: 0, consecutiveErrors: 0, lastError: '', count: 0,
    }));
    const { count, exit, interval, 'error-count': errorsMax = Infinity } = this.flags;
    for (let round = 1; ; round += 1) {
      const isAllUp = await this.#round(round, tallies);
      const isStuck = tallies.some(({ consecutiveErrors }) => consecutiveErrors >= errorsMax);
      if (isStuck || round === count || (exit && isAllUp)) {
        await this.#summary(tallies);
        if (isStuck) process.exitCode = 1;
        return;
      }
      await sleep(interval * 1000, undefined, { signal: this.signal });
    }
  }

  #server(target: string): RemotePlace {
    const place = this.place(target);
    if (place.kind === 'local') throw new Failure(`Unable to ping \`${target}\`.`, unknownAlias(target.split('/')[0] ?? '').cause ?? new UsageError('It is no alias.'));
    return place;
  }

  async #round(round: number, tallies: readonly Tally[]): Promise<boolean> {
    const results = await Promise.all(tallies.map(ping));
    const counter = String(round).padStart(3);
    const lines = tallies.map(({ url, lastError }, index) => {
      const result = results[index];
      const status = result === undefined ? `status=${this.paint.bad('error')}  error=${lastError}` : `status=${this.paint.good('ok')}  time=${this.paint.strong(milliseconds(result))}  `;
      return `${counter}: ${url.origin}   ${status}`;
    });
    const servers = tallies.map(({ url, lastError }, index) => {
      const result = results[index];
      return { endpoint: goUrl(url), dns: '0s', ...(result === undefined ? { status: 'error ', error: lastError, time: '0.00ms  ' } : { status: 'ok ', time: `${milliseconds(result)}  ` }) };
    });
    this.say({ status: 'success', counter, servers }, lines.join('\n'));
    this.flushOutput();
    return results.every((result) => result !== undefined);
  }

  async #summary(tallies: readonly Tally[]): Promise<void> {
    const serverMap = Object.fromEntries(tallies.map((tally) => {
      const { url, minNs, maxNs, sumNs, count, errorCount, lastError } = tally;
      const answered = count - errorCount;
      const min = Number.isFinite(minNs) ? minNs : 0;
      return [url.host, { endpoint: goUrl(url), min, max: maxNs, sum: sumNs, avg: answered === 0 ? 0 : Math.floor(sumNs / answered), dns: 0, errorCount, err: lastError, counter: count }];
    }));
    const rows = Object.values(serverMap).map(({ min, avg, max, errorCount, counter }, index) =>
      [tallies[index]?.url.origin ?? '', milliseconds(min), milliseconds(avg), milliseconds(max), String(errorCount), String(counter)]);
    const table = this.flags.json ? undefined : await renderTable(['Endpoint', 'Min', 'Avg', 'Max', 'Error', 'Count'], rows);
    this.say({ status: 'success', serverMap }, table);
  }
}

/** Nanoseconds of one answer, undefined for none. */
async function ping(tally: Tally): Promise<number | undefined> {
  const startedNs = process.hrtime.bigint();
  tally.count += 1;
  try {
    const answer = await tally.s3.request({ method: 'GET', plainPath: '/minio/health/live', attempts: 1 });
    answer.body.resume();
    const ns = Number(process.hrtime.bigint() - startedNs);
    tally.minNs = Math.min(tally.minNs, ns);
    tally.maxNs = Math.max(tally.maxNs, ns);
    tally.sumNs += ns;
    tally.consecutiveErrors = 0;
    return ns;
  } catch (error) {
    tally.errorCount += 1;
    tally.consecutiveErrors += 1;
    tally.lastError = error instanceof Error ? error.message : String(error);
    return undefined;
  }
}

/** The members that scripts written for mc find in an endpoint. */
function goUrl(url: URL): object {
  return {
    Scheme: url.protocol.slice(0, -1), Opaque: '', User: null, Host: url.host, Path: '', Fragment: '', RawQuery: '', RawPath: '', RawFragment: '',
    ForceQuery: false, OmitHost: false,
  };
}
