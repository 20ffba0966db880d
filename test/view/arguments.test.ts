import { expect, test } from 'vitest';
import { needsNormalizing, normalizeArguments } from '../../src/view/arguments.js';

const flags = { json: { type: 'boolean' }, 'config-dir': { type: 'option', char: 'C' }, quiet: { type: 'boolean', char: 'q' } } as const;
const table = {
  commands: {
    ls: { aliases: ['list'], flags: { ...flags, recursive: { type: 'boolean', char: 'r' }, versions: { type: 'boolean' } } },
    'alias:set': { flags }, 'alias:list': { hiddenAliases: ['alias:ls'], flags },
  },
} as const;

test.each([
  ['--json ls loc', 'ls --json loc'],
  ['-C /c ls loc', 'ls -C /c loc'],
  ['--config-dir=/c -json ls loc', 'ls --config-dir=/c --json loc'],
  ['alias --json set a', 'alias set --json a'],
  ['--json alias ls', 'alias ls --json'],
  ['ls -versions loc', 'ls --versions loc'],
  ['ls -rq loc', 'ls -rq loc'],
  ['ls -h', 'ls --help'],
  ['list -json loc', 'list --json loc'],
  ['ls -- -json', 'ls -- -json'],
  ['bogus -json', 'bogus -json'],
  ['ls loc alias', 'ls loc alias'],
])('%s is understood as %s', (typed, meant) => {
  expect(normalizeArguments(typed.split(' '), table).join(' ')).toBe(meant);
});

test('an ordinary command line needs no table', () => {
  expect(needsNormalizing(['ls', 'loc', '--json', '-r'])).toBe(false);
  expect(needsNormalizing(['ls', 'loc', '-json'])).toBe(true);
  expect(needsNormalizing(['--json', 'ls'])).toBe(true);
});
