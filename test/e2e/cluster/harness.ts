/** A cluster of real `mts server` processes, whose machines and drives can be treated badly. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';

import { one as certificate } from '../../net/test-certificates.js';
import { ACCESS_KEY, MTS, SECRET_KEY, freePort, wipe } from '../server-process.js';
import { LoopbackHosts, NamespaceHosts, type Hosts } from './hosts.js';

export interface ClusterOptions {
  readonly nodes: number;
  readonly drivesPerNode: number;
  /** Default: loopback addresses. */
  readonly network?: 'loopback' | 'namespaces';
  readonly env?: Readonly<Record<string, string>>;
  /** Everything over TLS: requests, and what nodes say to each other. */
  readonly isTls?: boolean;
}

/** Waits until something is so; the failure says what did not become so, and what the nodes had to say. */
export async function until<T>(what: string, isSo: () => Promise<T | undefined | false> | T | undefined | false, limitMs = 30_000, more: () => string = () => ''): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const result = await isSo();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > deadline) throw new Error(`within ${limitMs} ms it did not happen that ${what}\n${more()}`);
    await sleep(50);
  }
}

/** How long something took, and what came of it: its value, or the name of S3's error. */
export async function timed<T>(work: Promise<T>): Promise<{ readonly tookMs: number; readonly value?: T; readonly status?: number; readonly code?: string }> {
  const startedMs = Date.now();
  try {
    return { value: await work, tookMs: Date.now() - startedMs, status: 200 };
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return { tookMs: Date.now() - startedMs, code: name, ...($metadata?.httpStatusCode !== undefined && { status: $metadata.httpStatusCode }) };
  }
}

export class TestCluster implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'mts-test-cluster-'));
  readonly nodes: readonly TestNode[];

  private constructor(
    readonly options: ClusterOptions,
    readonly hosts: Hosts,
    readonly port: number,
  ) {
    if (options.isTls === true) {
      mkdirSync(this.certificates);
      writeFileSync(join(this.certificates, 'public.crt'), certificate.cert);
      writeFileSync(join(this.certificates, 'private.key'), certificate.key);
    }
    this.nodes = Array.from({ length: options.nodes }, (_, index) => new TestNode(this, index + 1));
  }

  /** Nodes that run and serve. */
  static async start(options: ClusterOptions): Promise<TestCluster> {
    const cluster = await TestCluster.prepare(options);
    await cluster.startAll();
    return cluster;
  }

  /** Nodes that do not run yet. */
  static async prepare(options: ClusterOptions): Promise<TestCluster> {
    const hosts = options.network === 'namespaces' ? new NamespaceHosts(options.nodes) : new LoopbackHosts();
    return new TestCluster(options, hosts, await freePort());
  }

  async startAll(): Promise<void> {
    for (const node of this.nodes) node.launch();
    await Promise.all(this.nodes.map((node) => node.ready()));
  }

  /** Folder with the certificate of all nodes, where they have one. */
  get certificates(): string {
    return join(this.root, 'certificates');
  }

  get scheme(): 'http' | 'https' {
    return this.options.isTls === true ? 'https' : 'http';
  }

  /** Node 1, 2, ... */
  node(machine: number): TestNode {
    return this.nodes[machine - 1]!;
  }

  /** The same on every node, as an operator of 2017 would have typed it: machine by machine. */
  get args(): string[] {
    return this.nodes.flatMap((node) => node.drives.map((path) => `${this.scheme}://${node.host}:${this.port}${path}`));
  }

  get output(): string {
    return this.nodes.map((node) => `--- node ${node.machine}\n${node.output}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end('SIGKILL')));
    this.hosts.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export class TestNode {
  readonly host: string;
  readonly drives: readonly string[];
  readonly client: S3Client;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(
    readonly cluster: TestCluster,
    readonly machine: number,
  ) {
    this.host = cluster.hosts.address(machine);
    this.drives = Array.from({ length: cluster.options.drivesPerNode }, (_, index) => join(cluster.root, `m${machine}`, `e${index + 1}`));
    this.client = new S3Client({
      endpoint: this.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
      // The certificate is not made for these addresses.
      requestHandler: { connectionTimeout: 5000, requestTimeout: 60_000, httpsAgent: { rejectUnauthorized: false } },
    });
  }

  get url(): string {
    return `${this.cluster.scheme}://${this.host}:${this.cluster.port}`;
  }

  /** What it printed so far, both streams, all its lives. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it without waiting. */
  launch(more: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>>; readonly before?: readonly string[] } = {}): void {
    const words = [...this.cluster.hosts.on(this.machine), ...(more.before ?? []), process.execPath, MTS, 'server', '--address', `${this.host}:${this.cluster.port}`, ...(this.cluster.options.isTls === true ? ['--certs-dir', this.cluster.certificates] : []), ...(more.args ?? this.cluster.args)];
    const child = spawn(words[0]!, words.slice(1), {
      env: { ...process.env, MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, MINIO_CI_CD: '1', ...this.cluster.options.env, ...more.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
  }

  /** Serves S3, with as many drives as can be read. */
  async ready(limitMs = 30_000): Promise<void> {
    await until(`node ${this.machine} serves`, async () => {
      if (!this.isRunning) throw new Error(`node ${this.machine} ended:\n${this.#output}`);
      return (await this.health('cluster/read')) === 200;
    }, limitMs, () => this.cluster.output);
  }

  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Status of a health probe; 0 where it does not answer. */
  health(probe: string): Promise<number> {
    const request = this.cluster.scheme === 'https' ? httpsRequest : httpRequest;
    return new Promise((resolve) => {
      const asked = request(`${this.url}/minio/health/${probe}`, { agent: false, timeout: 3000, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(0));
      asked.end();
    });
  }

  /**
   * Waits until it sees the drives of all other nodes. Before maintenance, a node says whether those suffice to write, and
   * in clusters of this size they just do.
   */
  seesOthers(limitMs = 30_000): Promise<true> {
    return until(`node ${this.machine} sees the others`, async () => (await this.health('cluster?maintenance=true')) === 200, limitMs, () => this.cluster.output);
  }

  /** Waits until it has said something; gives the line. */
  says(pattern: RegExp, limitMs = 20_000): Promise<string> {
    return until(`node ${this.machine} says ${String(pattern)}`, () => this.#output.split('\n').find((line) => pattern.test(line)), limitMs, () => this.cluster.output);
  }

  /** Ends it and waits until it is gone; gives its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  }

  /** As a machine that loses its power, but for its drives' memory. */
  kill(): Promise<number | null> {
    return this.end('SIGKILL');
  }

  stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** It stands still, with its connections open. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Drive 1, 2, ... */
  drive(number: number): string {
    return this.drives[number - 1]!;
  }

  wipe(number: number): void {
    wipe(this.drive(number));
  }

  has(number: number, path: string): boolean {
    return existsSync(join(this.drive(number), path));
  }

  rename(number: number, name: string): string {
    const path = join(this.drive(number), '..', name);
    renameSync(this.drive(number), path);
    return path;
  }

  copy(from: string, name: string): string {
    const path = join(from, '..', name);
    cpSync(from, path, { recursive: true });
    return path;
  }

  empty(number: number): void {
    this.wipe(number);
    mkdirSync(this.drive(number), { recursive: true });
  }
}
