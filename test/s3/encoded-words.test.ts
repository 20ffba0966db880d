import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeWords } from '../../src/s3/encoded-words.js';

function decode(header: string): string {
  const pieces = header.split(' ').map((word) => {
    const [, letter = '', text = ''] = /^=\?UTF-8\?([QB])\?([^? ]*)\?=$/.exec(word) ?? [];
    if (letter === 'B') return Buffer.from(text, 'base64').toString('utf8');
    expect(letter).toBe('Q');
    const latin1 = text.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(latin1, 'latin1').toString('utf8');
  });
  return pieces.join('');
}

it('leaves ASCII as it is', () => {
  for (const text of ['', 'a b', 'tab\there', '=?UTF-8?Q?a=C3=BC?=']) expect(encodeWords(text)).toBe(text);
});

it('quotes what is mostly ASCII, and puts the rest in base64', () => {
  expect(encodeWords('grün')).toBe('=?UTF-8?Q?gr=C3=BCn?=');
  expect(encodeWords('你好你好')).toBe('=?UTF-8?B?5L2g5aW95L2g5aW9?=');
});

it('makes words of at most 75 ASCII characters that give the text back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const encoded = encodeWords(`${text}ü`);
      expect(encoded).toMatch(/^[ -~]+$/);
      for (const word of encoded.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
      expect(decode(encoded)).toBe(`${text}ü`);
    }),
  );
});
