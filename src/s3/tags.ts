/** Tags of objects and buckets, between the header's form encoding and XML. Limits are Amazon's. */
import { S3Error } from './errors.js';
import { encodeUri, parseQuery } from './query.js';
import { child, childText, malformed, parseRoot } from './xml/reader.js';
import { element, wrap, xmlDocument } from './xml/writer.js';

const OBJECT_TAGS_MAX = 10;
const BUCKET_TAGS_MAX = 50;
const KEY_LENGTH_MAX = 128;
const VALUE_LENGTH_MAX = 256;

type Tag = readonly [key: string, value: string];

/** `x-amz-tagging`, checked, in the form in which tags are kept. @throws S3Error InvalidTag */
export function parseTagHeader(text: string): string {
  return formatTags(checkTags(parseQuery(text).pairs, OBJECT_TAGS_MAX));
}

/** The form-encoded tags of a Tagging document. @throws S3Error MalformedXML, InvalidTag */
export function parseTaggingDocument(bytes: Uint8Array, of: 'object' | 'bucket'): string {
  const set = child(parseRoot(bytes, 'Tagging'), 'TagSet');
  if (!set) throw malformed();
  const tags = set.children.map((tag): Tag => {
    const key = childText(tag, 'Key');
    const value = childText(tag, 'Value');
    if (tag.name !== 'Tag' || key === undefined || value === undefined) throw malformed();
    return [key, value];
  });
  return formatTags(checkTags(tags, of === 'object' ? OBJECT_TAGS_MAX : BUCKET_TAGS_MAX));
}

/** The Tagging document of form-encoded tags. */
export function taggingDocument(text: string): string {
  return xmlDocument('Tagging', wrap('TagSet', tagPairs(text).map(([key, value]) => wrap('Tag', element('Key', key) + element('Value', value))).join('')));
}

function tagPairs(text: string): readonly Tag[] {
  return text === '' ? [] : parseQuery(text).pairs;
}

function formatTags(tags: readonly Tag[]): string {
  return tags.map(([key, value]) => `${encodeUri(key)}=${encodeUri(value)}`).join('&');
}

function checkTags(tags: readonly Tag[], countMax: number): readonly Tag[] {
  if (tags.length > countMax) throw new S3Error('BadRequest', `There can be at most ${countMax} tags.`);
  const keys = new Set<string>();
  for (const [key, value] of tags) {
    if (key === '' || key.length > KEY_LENGTH_MAX) throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid.');
    if (value.length > VALUE_LENGTH_MAX) throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid.');
    if (keys.has(key)) throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key.');
    keys.add(key);
  }
  // Tags are a set: S3 shows it sorted.
  return [...tags].sort(([a], [b]) => (a < b ? -1 : 1));
}
