/**
 * XML answers of S3 servers as a tree of elements, and the few documents that requests carry. Servers write small
 * documents without name spaces that matter, so elements are known by their local names.
 */
import { createRequire } from 'node:module';
import type * as Saxes from 'saxes';

// `import` would first scan the package's source for exports, which takes longer than everything else a listing does.
const { SaxesParser } = createRequire(import.meta.url)('saxes') as typeof Saxes;

/** Deepest nesting that any S3 answer needs is about eight; more than this is not an S3 answer. */
const DEPTH_MAX = 64;

export interface XmlElement {
  /** Local name, without prefix. */
  readonly name: string;
  /** All text directly inside, joined. */
  text: string;
  readonly children: XmlElement[];
}

/**
 * Parses one document.
 * @returns the root element, or undefined when `source` is empty, broken or nested too deep.
 */
export function parseXml(source: string): XmlElement | undefined {
  const top: XmlElement = { name: '', text: '', children: [] };
  const open: XmlElement[] = [top];
  const parser = new SaxesParser();
  let broken = false;
  parser.on('error', () => {
    broken = true;
  });
  parser.on('opentag', (tag) => {
    const element: XmlElement = { name: tag.name.slice(tag.name.indexOf(':') + 1), text: '', children: [] };
    open.at(-1)?.children.push(element);
    if (open.length > DEPTH_MAX) broken = true;
    else open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on('cdata', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on('closetag', () => {
    if (open.length > 1) open.pop();
  });
  parser.write(source).close();
  return broken ? undefined : top.children[0];
}

/** The first child of that name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

/** All children of that name, in order. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? [];
}

/** Text of the first child of that name, or `''`. */
export function textOf(element: XmlElement | undefined, name: string): string {
  return child(element, name)?.text ?? '';
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\r': '&#13;' };

/** Text made safe inside an element or attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? character);
}
