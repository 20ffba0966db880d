import { Args, Flags } from '@oclif/core';
import { UsageError } from '../../src/base/index.js';
import { loadAdmin, parseDurationMs, type TraceType } from '../../src/client/index.js';
import { AdminCommand, EXIT_HELP, Failure, loadTraceView } from '../../src/view/index.js';

const many = { multiple: true, multipleNonGreedy: true } as const;

/** mc's short names. */
const SHORT: Readonly<Record<string, TraceType>> = {
  decom: 'decommission', heal: 'healing', brep: 'batch-replication', brot: 'batch-keyrotation', bexp: 'batch-expire', 'batch-expiration': 'batch-expire', resync: 'replication-resync',
};

export default class AdminTrace extends AdminCommand<typeof AdminTrace> {
  static override summary = 'Show the requests of a cluster as they come.';
  static override description = `Goes on until Ctrl-C. Signatures and tokens are not shown. A server that nobody traces spends nothing on it. ${EXIT_HELP}`;
  static override args = { target: Args.string({ description: 'ALIAS', ignoreStdin: true }) };
  static override flags = {
    verbose: Flags.boolean({ char: 'v', description: 'requests and answers with their headers' }),
    all: Flags.boolean({ char: 'a', description: 'all kinds of calls' }),
    call: Flags.string({ ...many, description: 'kinds: s3 (default), internal, storage, scanner, healing, os, bootstrap, ilm, ...; several with commas' }),
    errors: Flags.boolean({ char: 'e', description: 'only what failed' }),
    'status-code': Flags.integer({ ...many, description: 'only answers with this status' }),
    method: Flags.string({ ...many, description: 'only requests of this method' }),
    funcname: Flags.string({ ...many, description: 'only these calls, e.g. s3.PutObject' }),
    path: Flags.string({ ...many, description: 'only paths that begin so, or match: bucket/*.jpg' }),
    node: Flags.string({ ...many, description: 'only from this node' }),
    'request-header': Flags.string({ ...many, description: 'only with this header: name:value' }),
    'request-query': Flags.string({ ...many, description: 'only with this parameter: name=value' }),
    'response-duration': Flags.string({ aliases: ['response-threshold'], description: 'only what took at least so long, e.g. 5ms' }),
  };
  static override examples = [
    { description: 'Watch S3 requests.', command: '<%= config.bin %> admin trace local' },
    { description: 'Only failures, with headers.', command: '<%= config.bin %> admin trace -v -e local' },
    { description: 'Which calls of drives are slow?', command: '<%= config.bin %> admin trace --call storage --response-duration 50ms local' },
  ];

  async run(): Promise<void> {
    const [text = ''] = await this.given(1, 1);
    const { flags } = this;
    const { admin } = await this.target(text);
    const [{ isWanted, TRACE_TYPES }, view] = [await loadAdmin(), await loadTraceView()];
    const types = flags.all ? TRACE_TYPES : parseTypes(flags.call ?? ['s3'], TRACE_TYPES);
    const thresholdMs = flags['response-duration'] === undefined ? 0 : parseThreshold(flags['response-duration']);
    const filter = {
      statusCodes: flags['status-code'], methods: flags.method, functions: flags.funcname, paths: flags.path, nodes: flags.node,
      requestHeaders: flags['request-header'], requestQueries: flags['request-query'],
    };
    try {
      for await (const line of admin.trace({ types, onlyErrors: flags.errors, thresholdMs, signal: this.signal })) {
        if (!isWanted(line, filter)) continue;
        this.say(view.traceObject(line, flags.verbose), flags.verbose ? view.traceVerboseText(line, this.paint) : view.traceText(line, this.paint));
        this.flushOutput();
        await this.outputReady();
      }
    } catch (error) {
      throw new Failure('Unable to listen to http trace.', error);
    }
    throw new Failure('The server ended the trace.');
  }
}

function parseTypes(texts: readonly string[], known: readonly TraceType[]): TraceType[] {
  return texts.flatMap((text) => text.split(',')).map((text) => {
    const name = text.trim();
    const type = SHORT[name] ?? known.find((candidate) => candidate === name);
    if (type === undefined) throw new UsageError(`\`${name}\` is no kind of call.`, `Choose from ${known.join(', ')}.`);
    return type;
  });
}

function parseThreshold(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new UsageError(`\`${text}\` is no duration.`, 'Write it like 5ms or 1s.');
  return ms;
}
