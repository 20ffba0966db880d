/** XML out: elements are joined as text, in the order in which they are written, and only their content is escaped. */

const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

 
const NEEDS_ESCAPE = /[&<>"'\u0000-\u001f\ufffe\uffff\ud800-\udfff]/;

/** Text as XML content. What XML 1.0 cannot carry (control characters, lone surrogates) becomes U+FFFD. */
export function escapeXml(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  let out = '';
  for (const character of text) out += escapeCharacter(character);
  return out;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&#34;';
    case "'":
      return '&#39;';
    case '\t':
      return '&#x9;';
    case '\n':
      return '&#xA;';
    case '\r':
      return '&#xD;';
    default: {
      const code = character.codePointAt(0) ?? 0;
      const isUnfit = code < 0x20 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
      return isUnfit ? '\ufffd' : character;
    }
  }
}

/** `<name>text</name>`, escaped; nothing at all where the text is undefined. */
export function element(name: string, text: string | number | boolean | undefined): string {
  if (text === undefined) return '';
  return `<${name}>${typeof text === 'string' ? escapeXml(text) : text}</${name}>`;
}

/** `<name>inner</name>` around XML that is already written. */
export function wrap(name: string, inner: string): string {
  return `<${name}>${inner}</${name}>`;
}

/** A whole document in S3's namespace around XML that is already written. */
export function xmlDocument(root: string, inner: string): string {
  return `${XML_DECLARATION}<${root} xmlns="${S3_NAMESPACE}">${inner}</${root}>`;
}

/** A document without a namespace, as S3 writes its errors. */
export function plainXmlDocument(root: string, inner: string): string {
  return `${XML_DECLARATION}<${root}>${inner}</${root}>`;
}

/** A quoted etag as XML content. */
export function etagElement(etag: string): string {
  return `<ETag>&#34;${escapeXml(etag)}&#34;</ETag>`;
}
