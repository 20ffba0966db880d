/** `find`: which entries of a listing fit, and the text made of each. */
import { spawn } from 'node:child_process';
import { posix } from 'node:path';
import { UsageError } from '../base/index.js';
import type { Listed } from './list.js';
import type { RemotePlace } from './transfer/place.js';
import { matchesWildcard } from './wildcard.js';

/** Objects whose metadata is asked for at once. */
const HEADS_PARALLEL = 16;

export interface FindFilter {
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly ignore?: string | undefined;
  readonly regex?: string | undefined;
  readonly largerThan?: number | undefined;
  readonly smallerThan?: number | undefined;
  /** Only what was changed before this time. */
  readonly before?: Date | undefined;
  readonly after?: Date | undefined;
}

export interface Found {
  /** `alias/bucket/key`, or the path below what was given. */
  readonly key: string;
  readonly entry: Listed;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A test for `key` and its entry. Throws UsageError for a broken regular expression. */
export function makeFilter(filter: FindFilter): (key: string, entry: Listed) => boolean {
  const { name, path, ignore, largerThan, smallerThan, before, after } = filter;
  const regex = filter.regex === undefined ? undefined : compile(filter.regex);
  return (key, entry) => {
    const base = posix.basename(key);
    const changedAt = entry.modifiedAt ?? new Date(0);
    if (ignore !== undefined && matchesWildcard(ignore, key)) return false;
    if (name !== undefined && name !== '' && !matchesWildcard(name, base)) return false;
    if (path !== undefined && path !== '' && !matchesWildcard(path, key)) return false;
    if (regex !== undefined && !regex.test(key)) return false;
    if (largerThan !== undefined && entry.sizeBytes <= largerThan) return false;
    if (smallerThan !== undefined && entry.sizeBytes >= smallerThan) return false;
    return !(before !== undefined && changedAt >= before) && !(after !== undefined && changedAt <= after);
  };
}

/** `key=regex` pairs as tests. Throws UsageError. */
export function makePairTests(pairs: readonly string[], flag: string): ReadonlyMap<string, RegExp> {
  return new Map(
    pairs.map((text) => {
      const at = text.indexOf('=');
      if (at <= 0) throw new UsageError(`Invalid ${flag} value \`${text}\`.`, 'It must look like key=regex.');
      return [text.slice(0, at).toLowerCase(), compile(text.slice(at + 1))];
    }),
  );
}

function compile(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`\`${text}\` is not a regular expression: ${(error as Error).message}.`);
  }
}

/** Adds metadata and tags to each found object, in order, and leaves out those that do not fit. */
export async function* withDetails(
  found: AsyncIterable<Found>,
  place: RemotePlace,
  wanted: { readonly metadata: ReadonlyMap<string, RegExp>; readonly tags: ReadonlyMap<string, RegExp> },
): AsyncGenerator<Found> {
  const fits = (values: Readonly<Record<string, string>>, tests: ReadonlyMap<string, RegExp>): boolean =>
    [...tests].every(([name, test]) => Object.entries(values).some(([key, value]) => key.toLowerCase().replace(/^x-amz-meta-/, '') === name && test.test(value)));
  const detail = async (item: Found): Promise<Found> => {
    const { bucket, key, versionId } = item.entry;
    const head = await place.s3.head(bucket, key, { versionId });
    const tags = head.headers['x-amz-tagging-count'] === undefined ? {} : await place.s3.tagsOf(bucket, key, versionId);
    return { ...item, metadata: shownMetadata(head.headers), tags };
  };
  const select = async (batch: readonly Found[]): Promise<Found[]> =>
    (await Promise.all(batch.map(detail))).filter((item) => fits(item.metadata ?? {}, wanted.metadata) && fits(item.tags ?? {}, wanted.tags));
  let batch: Found[] = [];
  for await (const item of found) {
    if (item.entry.isDeleteMarker === true) continue;
    batch.push(item);
    if (batch.length < HEADS_PARALLEL) continue;
    yield* await select(batch);
    batch = [];
  }
  yield* await select(batch);
}

/** Headers that are the object's own, spelled as S3 spells them. */
export function shownMetadata(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const own = /^(cache-control|content-(type|encoding|disposition|language)|expires|x-amz-(meta-.*|tagging-count|storage-class|website-redirect-location|server-side-encryption.*|object-lock-.*))$/;
  const shown = Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string' && own.test(pair[0]));
  const spell = (name: string): string => name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase());
  return Object.fromEntries(shown.map(([name, value]): [string, string] => [spell(name), value]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Puts a found object into a text: `{}` its key, `{base}`, `{dir}`, `{size}`, `{time}`, `{version}`, `{url}`; `{"base"}` in quotes. */
export function expandFormat(format: string, values: Readonly<Record<string, string>>): string {
  return format.replace(/\{("?)([a-z]*)\1\}/g, (all, quote: string, name: string) => {
    const value = values[name];
    return value === undefined ? all : `${quote}${value}${quote}`;
  });
}

/** Splits a command as a shell does: blanks apart, `'…'` and `"…"` together, `\` before one character. Throws UsageError. */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gsy;
  let word: string | undefined;
  let end = 0;
  for (const match of text.matchAll(piece)) {
    end = match.index + match[0].length;
    const [all, single, double, escaped, bare] = match;
    if (/^\s/.test(all)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? bare ?? '');
    }
  }
  if (end !== text.length) throw new UsageError(`The command \`${text}\` has an open quote.`);
  return word === undefined ? words : [...words, word];
}

/** Runs a command without a shell, its output on ours. Resolves with its exit code; rejects when it cannot be started. */
export async function runCommand(words: readonly string[]): Promise<number> {
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
