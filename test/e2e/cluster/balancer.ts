/** nginx in front of the nodes of a test cluster, with the configuration that is shipped: only addresses and waits are put in. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../server-process.js';
import { until } from './harness.js';

const SHIPPED = join(import.meta.dirname, '../../../deploy/nginx.conf');
/** In /usr/sbin, which is not on every user's path. */
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

export interface BalancerOptions {
  /** `host:port` of each node. */
  readonly nodes: readonly string[];
  /** In place of the ten seconds for which a node that failed is left out. */
  readonly leftOutSeconds?: number;
  /** In place of the 15 seconds that a node has to begin its answer to a read. */
  readonly readSeconds?: number;
}

/** A request that it passed on. */
interface Passed {
  readonly method: string;
  readonly status: number;
  /** Nodes that were asked, one after another, and what they answered; nginx's own word where they did not. */
  readonly nodes: readonly string[];
  readonly statuses: readonly string[];
}

export class Balancer implements AsyncDisposable {
  #nginx: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    readonly url: string,
  ) {}

  static async start(options: BalancerOptions): Promise<Balancer> {
    const folder = mkdtempSync(join(tmpdir(), 'mts-test-balancer-'));
    const address = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, 'nginx.conf'), mainConfig(folder));
    writeFileSync(join(folder, 'mts.conf'), siteConfig(options, address));
    const balancer = new Balancer(folder, `http://${address}`);
    try {
      balancer.check();
      await balancer.#start();
    } catch (error) {
      await balancer[Symbol.asyncDispose]();
      throw error;
    }
    return balancer;
  }

  /** `nginx -t`; throws with its words. */
  check(): void {
    execFileSync(NGINX, ['-t', ...this.#words], { stdio: 'pipe', encoding: 'utf8' });
  }

  get passed(): Passed[] {
    return readFileSync(join(this.folder, 'access.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [method = '', status, nodes = '', statuses = ''] = line.split('|');
        // A comma stands between servers of one group, a colon between groups.
        return { method, status: Number(status), nodes: nodes.split(', '), statuses: statuses.split(', ') };
      });
  }

  get errors(): string {
    return readFileSync(join(this.folder, 'error.log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const nginx = this.#nginx;
    if (nginx !== undefined && nginx.exitCode === null && nginx.signalCode === null) {
      const gone = new Promise((resolve) => nginx.once('exit', resolve));
      nginx.kill('SIGTERM');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #words(): string[] {
    return ['-c', join(this.folder, 'nginx.conf'), '-p', this.folder, '-e', join(this.folder, 'error.log')];
  }

  async #start(): Promise<void> {
    this.#nginx = spawn(NGINX, this.#words, { stdio: 'ignore' });
    await until('the balancer answers', async () => (await fetch(`${this.url}/minio/health/live`).catch(() => undefined)) !== undefined, 20_000, () => this.errors);
  }
}

function siteConfig({ nodes, leftOutSeconds, readSeconds }: BalancerOptions, address: string): string {
  let text = readFileSync(SHIPPED, 'utf8');
  const put = (what: RegExp, value: string, times: number): void => {
    if ((text.match(what) ?? []).length !== times) throw new Error(`deploy/nginx.conf does not hold ${String(what)} ${times} times`);
    text = text.replaceAll(what, value);
  };
  nodes.forEach((node, index) => put(new RegExp(`node${index + 1}:9000`, 'g'), node, 1));
  put(/listen 80;/g, `listen ${address};`, 1);
  if (leftOutSeconds !== undefined) put(/fail_timeout=10s/g, `fail_timeout=${leftOutSeconds}s`, nodes.length);
  if (readSeconds !== undefined) put(/proxy_read_timeout 15s/g, `proxy_read_timeout ${readSeconds}s`, 1);
  return text;
}

/** What the main file of a distribution has, as far as it matters, with everything it writes in a folder of the test. */
function mainConfig(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 2;
daemon off;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  log_format passed '$request_method|$status|$upstream_addr|$upstream_status';
  access_log ${folder}/access.log passed;
${temporary.join('\n')}
  gzip on;
  include ${folder}/mts.conf;
}
`;
}
