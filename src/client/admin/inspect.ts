/** The answer of `inspect-data`: a byte 1, a key, a zip sealed with it. mts adds a manifest that says which file is whose. */
import { openChunks, readZip } from '../../hash/index.js';
import type { InspectAnswer } from './types.js';

const KEY_SIZE = 32;

/** Throws an Error where the answer is none, is sealed for somebody else, or is damaged. */
export function readInspectAnswer(answer: Uint8Array): InspectAnswer {
  if (answer[0] === 2) throw new Error('the server sealed its answer for the public key of a support service');
  if (answer[0] !== 1 || answer.length < 1 + KEY_SIZE) throw new Error('the server answered something else than files of its drives');
  const entries = readZip(openChunks(answer.subarray(1, 1 + KEY_SIZE), answer.subarray(1 + KEY_SIZE)));
  const manifest = entries.find(({ name }) => name === 'manifest.json');
  if (manifest === undefined) return { isComplete: false, files: entries.filter(({ name }) => /\/(format\.json|xl\.meta)$/.test(name)).map(({ name, bytes }) => ({ drive: name, bytes })) };
  const { files } = JSON.parse(Buffer.from(manifest.bytes).toString('utf8')) as { readonly files: readonly { readonly drive: string; readonly name: string; readonly error?: string }[] };
  return { isComplete: true, files: files.map(({ drive, name, error }) => ({ drive, bytes: entries.find((entry) => entry.name === name)?.bytes, ...(error !== undefined && { error }) })) };
}
