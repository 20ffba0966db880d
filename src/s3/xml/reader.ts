/**
 * XML in: a strict parser that turns a small document into a tree. It refuses document types (so no entity can be
 * declared), and stops at limits of size, depth and number of elements before memory is spent.
 */
import { SaxesParser } from 'saxes';
import { S3Error } from '../errors.js';

/** S3's documents are at most five levels deep. */
const DEPTH_MAX = 12;
/** A completion of 10,000 parts with a checksum each has 40,001 elements. */
const ELEMENTS_MAX = 100_000;

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string;
  /** The text directly inside, children's text excluded. */
  text: string;
  readonly children: XmlElement[];
}

/** @throws S3Error MalformedXML */
export function parseXml(bytes: Uint8Array): XmlElement {
  const text = decodeUtf8(bytes);
  const builder = new TreeBuilder();
  const parser = new SaxesParser();
  parser.on('error', () => {
    throw malformed();
  });
  parser.on('doctype', () => {
    throw malformed('A document type is not accepted.');
  });
  parser.on('opentag', (tag) => builder.open(tag.name));
  parser.on('closetag', () => builder.close());
  parser.on('text', (piece) => builder.text(piece));
  parser.on('cdata', (piece) => builder.text(piece));
  parser.write(text).close();
  return builder.root();
}

class TreeBuilder {
  readonly #open: XmlElement[] = [];
  #count = 0;
  #root: XmlElement | undefined;

  open(name: string): void {
    if (++this.#count > ELEMENTS_MAX) throw malformed('The document has too many elements.');
    if (this.#open.length >= DEPTH_MAX) throw malformed('The document is nested too deeply.');
    const colon = name.indexOf(':');
    const opened: XmlElement = { name: colon < 0 ? name : name.slice(colon + 1), text: '', children: [] };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(opened);
    else this.#root = opened;
    this.#open.push(opened);
  }

  close(): void {
    this.#open.pop();
  }

  text(piece: string): void {
    const current = this.#open.at(-1);
    if (current) current.text += piece;
  }

  root(): XmlElement {
    if (!this.#root) throw malformed();
    return this.#root;
  }
}

/** The only child of that name, undefined where there is none. @throws S3Error MalformedXML where there are several */
export function child(parent: XmlElement, name: string): XmlElement | undefined {
  let found: XmlElement | undefined;
  for (const candidate of parent.children) {
    if (candidate.name !== name) continue;
    if (found) throw malformed(`${name} may be given only once.`);
    found = candidate;
  }
  return found;
}

/** The text of the only child of that name. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return child(parent, name)?.text;
}

/** The root, checked to have one of the names. */
export function parseRoot(bytes: Uint8Array, ...names: readonly string[]): XmlElement {
  const root = parseXml(bytes);
  if (!names.includes(root.name)) throw malformed();
  return root;
}

export function malformed(detail?: string): S3Error {
  return new S3Error('MalformedXML', detail === undefined ? undefined : `The XML that you provided was not accepted. ${detail}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('It is not UTF-8.');
  }
}
