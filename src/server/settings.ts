/** What the server is told by the environment and the command line, checked and put into one value. */
import { readFile } from 'node:fs/promises';

import { UsageError } from '../base/index.js';
import { parseKmsKey, type KmsKey } from '../content/index.js';

export const DEFAULT_ACCESS_KEY = 'minioadmin';
export const DEFAULT_SECRET_KEY = 'minioadmin';

export interface RootKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  /** True where nothing was configured and the keys are the ones everybody knows. */
  readonly areDefaults: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The operator's keys, from MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, the files named by MINIO_ROOT_USER_FILE and
 * MINIO_ROOT_PASSWORD_FILE, or MINIO_ACCESS_KEY and MINIO_SECRET_KEY (as in 2017), in this order. Throws a UsageError
 * where one of a pair is missing or too short.
 */
export async function rootKeys(environment: Environment): Promise<RootKeys> {
  const accessKey = await keyFrom(environment, ['MINIO_ROOT_USER', 'MINIO_ACCESS_KEY']);
  const secretKey = await keyFrom(environment, ['MINIO_ROOT_PASSWORD', 'MINIO_SECRET_KEY']);
  if (accessKey === undefined && secretKey === undefined) return { accessKey: DEFAULT_ACCESS_KEY, secretKey: DEFAULT_SECRET_KEY, areDefaults: true };
  if (accessKey === undefined) throw new UsageError(`${secretKey?.from ?? ''} is set, but no user name is`, 'set MINIO_ROOT_USER as well, at least 3 characters');
  if (secretKey === undefined) throw new UsageError(`${accessKey.from} is set, but no password is`, 'set MINIO_ROOT_PASSWORD as well, at least 8 characters');
  checkKeys(accessKey.value, secretKey.value, { access: accessKey.from, secret: secretKey.from });
  return { accessKey: accessKey.value, secretKey: secretKey.value, areDefaults: accessKey.value === DEFAULT_ACCESS_KEY && secretKey.value === DEFAULT_SECRET_KEY };
}

/** Throws a UsageError where a key is too short, or the access key cannot stand in a signature. `names` is where they come from. */
export function checkKeys(accessKey: string, secretKey: string, names: { readonly access: string; readonly secret: string }): void {
  if (accessKey.length < 3) throw new UsageError(`the user name from ${names.access} has ${accessKey.length} characters, and at least 3 are needed`, 'choose a longer one');
  if (/[=,\s/]/.test(accessKey)) throw new UsageError(`the user name from ${names.access} holds a blank or one of "=", "," and "/", which signatures use themselves`, 'choose one of letters, digits and hyphens');
  if (secretKey.length < 8) throw new UsageError(`the password from ${names.secret} has ${secretKey.length} characters, and at least 8 are needed`, 'choose a longer one');
}

async function keyFrom(environment: Environment, names: readonly string[]): Promise<{ readonly value: string; readonly from: string } | undefined> {
  for (const name of names) {
    const file = environment[`${name}_FILE`];
    if (file !== undefined && file !== '') return { value: await keyFile(file, `${name}_FILE`), from: `${name}_FILE` };
    const value = environment[name];
    if (value !== undefined && value !== '') return { value, from: name };
  }
  return undefined;
}

async function keyFile(path: string, variable: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`${path}, named by ${variable}, cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'make it a file with nothing but the key, readable by the user that runs the server');
  }
}

/** The key that objects are opened with, from MINIO_KMS_SECRET_KEY or the file that MINIO_KMS_SECRET_KEY_FILE names; undefined where there is none. Throws a UsageError. */
export async function kmsKey(environment: Environment): Promise<KmsKey | undefined> {
  const found = await keyFrom(environment, ['MINIO_KMS_SECRET_KEY']);
  return found && parseKmsKey(found.value.trim());
}

/** True for the values with which MinIO's switches are on. */
export function isSwitchedOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'on', 'true', 'yes', 'enabled'].includes(value.toLowerCase());
}

/** Splits MINIO_VOLUMES or MINIO_OPTS at blanks; quotes keep blanks together. */
export function splitWords(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}
