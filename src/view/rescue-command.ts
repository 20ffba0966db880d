/** The base of commands that work on the folders of drives: their arguments, and the source named after them. */
import { stat } from 'node:fs/promises';
import { Flags, type Command } from '@oclif/core';
import { UsageError } from '../base/index.js';
import { MtsCommand } from './command.js';

/** `bucket/prefix`; no bucket stands for all. */
export interface RescueSource {
  readonly bucket: string | undefined;
  readonly prefix: string;
}

export abstract class RescueCommand<T extends typeof Command> extends MtsCommand<T> {
  /** Of commands that read what clients wrote. */
  static readonly keyFlags = {
    'enc-c': Flags.string({ multiple: true, multipleNonGreedy: true, description: 'key of objects that their clients encrypted (SSE-C), in base64 or as 64 hexadecimal digits; the environment variable MC_ENC_C takes several, with commas between', helpValue: 'BUCKET/PREFIX=KEY' }),
  };

  /** Throws a UsageError for what can be no bucket. */
  protected source(text: string): RescueSource {
    const [bucket = '', ...rest] = text.replace(/^\/+/, '').split('/');
    if (bucket === '') return { bucket: undefined, prefix: '' };
    if (bucket.includes('...') || bucket === '..' || bucket === '.') throw new UsageError(`"${text}" is no bucket`, 'write bucket/prefix as on the server, or / for everything');
    return { bucket, prefix: rest.join('/') };
  }

  /** The drives, and the last argument as a source where it is no folder. */
  protected async drivesAndSource(words: readonly string[]): Promise<{ readonly drives: readonly string[]; readonly source: RescueSource }> {
    const last = words.at(-1) ?? '';
    const isDrive = words.length === 1 || last.includes('{') || (last !== '/' && (await stat(last).catch(() => undefined))?.isDirectory() === true);
    return isDrive ? { drives: words, source: { bucket: undefined, prefix: '' } } : { drives: words.slice(0, -1), source: this.source(last) };
  }
}
