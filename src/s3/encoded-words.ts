/** RFC 2047: text beyond ASCII in a header, as S3 answers it in user metadata ("Working with object metadata" of the S3 user guide). */

const PLAIN = /^[\t\u0020-\u007e]*$/;
/** Of an encoded word, its frame included. */
const WORD_LENGTH_MAX = 75;
const FRAME_LENGTH = '=?UTF-8?Q?'.length + '?='.length;

/** The text itself where it is printable ASCII, else encoded words separated by spaces: quoted where most of it is ASCII, in base64 where not. */
export function encodeWords(text: string): string {
  if (PLAIN.test(text)) return text;
  const bytes = Buffer.from(text);
  const isMostlyAscii = bytes.filter((byte) => byte < 0x80).length * 2 >= bytes.length;
  return isMostlyAscii ? words(text, 'Q', quote) : words(text, 'B', (piece) => Buffer.from(piece).toString('base64'));
}

/** No character is cut in two: each word can be decoded for itself. */
function words(text: string, letter: 'Q' | 'B', encode: (piece: string) => string): string {
  const found: string[] = [];
  let piece = '';
  for (const character of text) {
    if (encode(piece + character).length > WORD_LENGTH_MAX - FRAME_LENGTH) {
      found.push(encode(piece));
      piece = '';
    }
    piece += character;
  }
  return [...found, encode(piece)].map((word) => `=?UTF-8?${letter}?${word}?=`).join(' ');
}

function quote(piece: string): string {
  let quoted = '';
  for (const byte of Buffer.from(piece)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9!*+/-]/.test(character)) quoted += character;
    else quoted += character === ' ' ? '_' : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return quoted;
}
