import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/base/index.js';
import { expandRanges } from '../../src/cluster/ellipses.js';
import { parseDriveArguments, type EndpointOptions } from '../../src/cluster/endpoints.js';
import { checkSubmounts } from '../../src/cluster/mounts.js';

const options: EndpointOptions = { listenPort: 9000, isThisMachine: (host) => ['localhost', 'here', '127.0.0.1', '::1'].includes(host) };
const parse = (args: string[], more: Partial<EndpointOptions> = {}) => parseDriveArguments(args, { ...options, ...more });

function refusal(args: string[], more: Partial<EndpointOptions> = {}): UsageError {
  try {
    parse(args, more);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
  throw new Error(`${args.join(' ')} was accepted`);
}

describe('ranges in drive arguments', () => {
  it.each([
    ['/d{1...3}', ['/d1', '/d2', '/d3']],
    ['/d{a...c}', ['/da', '/db', '/dc']],
    ['/d{08...11}', ['/d08', '/d09', '/d10', '/d11']],
    ['/d{01...04}', ['/d01', '/d02', '/d03', '/d04']],
    ['/d{0...2}', ['/d0', '/d1', '/d2']],
    ['/d{8...c}', ['/d8', '/d9', '/da', '/db', '/dc']],
    ['/d{0e...0f}x', ['/d0ex', '/d0fx']],
    ['/d{9...b}', ['/d9', '/da', '/db']],
    ['h{1...2}/e{1...3}', ['h1/e1', 'h2/e1', 'h1/e2', 'h2/e2', 'h1/e3', 'h2/e3']],
    ['a{1...2}b{1...2}', ['a1b1', 'a2b1', 'a1b2', 'a2b2']],
    ['{1...2}{3...4}', ['13', '23', '14', '24']],
  ])('%s stands for the drives that MinIO makes of it', (argument, labels) => {
    expect(expandRanges(argument).labels).toEqual(labels);
  });

  it('never gives the same drive twice, and as many as the product of the lengths', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(7)), { minLength: 1, maxLength: 3 }), (ranges) => {
        const argument = `/m${ranges.map(([start, more]) => `-{${start}...${start + more}}`).join('')}/d`;
        const { labels, leftmostLength } = expandRanges(argument);
        expect(labels).toHaveLength(ranges.reduce((product, [, more]) => product * (more + 1), 1));
        expect(new Set(labels).size).toBe(labels.length);
        expect(leftmostLength).toBe(ranges[0]![1] + 1);
      }),
    );
  });

  it.each(['/d{1..4}', '/d{1,2}', '/d{1...4', '/d1...4}', '/d{1...2}{', '/d{4...1}', '/d{x...z}', '/d{...}', '/d{1...}', '/d{A...C}', '/d{1...999999999}', '/{1...300}/{1...300}'])(
    '%s is refused with a hint',
    (argument) => {
      const error = refusal([argument]);
      expect(error.message).toContain(argument);
      expect(error.hint).toBeTruthy();
    },
  );

  it('any text is expanded or refused with a UsageError', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{', '}', '...', '..', ',', '1', '04', 'a', 'ff', 'z', '/', 'http://', ':', '9000', ' '), { maxLength: 10 }), (parts) => {
        try {
          parse([parts.join('')]);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('drive arguments', () => {
  it('a single path is a single drive', () => {
    expect(parse(['./data'])).toEqual([{ commandLine: './data', drives: [resolve('data')], setSize: 1 }]);
  });

  it('several plain paths are one pool in the order given', () => {
    expect(parse(['/b', '/a', '/d', '/c'])).toEqual([{ commandLine: '/b /a /d /c', drives: ['/b', '/a', '/d', '/c'], setSize: 4 }]);
  });

  it('every argument with ranges is a pool', () => {
    const pools = parse(['/a{1...4}', '/b{1...8}']);
    expect(pools.map(({ commandLine, drives, setSize }) => [commandLine, drives.length, setSize])).toEqual([
      ['/a{1...4}', 4, 4],
      ['/b{1...8}', 8, 8],
    ]);
  });

  it('URLs of this machine and port become paths', () => {
    expect(parse(['http://localhost:9000/mnt/d{1...4}'])[0]!.drives).toEqual(['/mnt/d1', '/mnt/d2', '/mnt/d3', '/mnt/d4']);
    expect(parse(['http://here/mnt/d{1...2}'])[0]!.drives).toEqual(['/mnt/d1', '/mnt/d2']);
    expect(parse(['http://[::1]:9000/a', 'http://[::1]:9000/b'])[0]!.drives).toEqual(['/a', '/b']);
  });

  it('MINIO_ERASURE_SET_DRIVE_COUNT chooses the set size', () => {
    expect(parse(['/d{1...8}'], { setDriveCount: '4' })[0]!.setSize).toBe(4);
    expect(refusal(['/d{1...8}'], { setDriveCount: '5' }).message).toContain('[2 4 8]');
    expect(refusal(['/d{1...8}'], { setDriveCount: 'four' }).message).toContain('four');
  });

  it.each([
    ['no drive', [], 'no drive'],
    ['an empty drive', [''], 'no drive'],
    ['a URL for a single drive', ['http://localhost:9000/data'], 'single drive'],
    ['the same argument twice', ['/d{1...4}', '/d{1...4}'], 'twice'],
    ['the same path twice', ['/a', '/b', '/a', '/c'], 'twice'],
    ['the same path typed in two ways', ['/a', '/x/../a'], 'twice'],
    ['pools that overlap', ['/d{1...4}', '/d{4...7}'], '/d4'],
    ['ranges and none mixed', ['/d{1...4}', '/e'], '"/e" has none'],
    ['paths and URLs mixed', ['/a', 'http://localhost:9000/b'], 'mixed'],
    ['http and https mixed', ['http://localhost/a', 'https://localhost/b'], 'mix http and https'],
    ['two names of this machine', ['http://localhost/a', 'http://127.0.0.1/b'], 'two names'],
    ['port 0', ['http://localhost:0/a', 'http://localhost:0/b'], 'port'],
    ['a port above 65535', ['http://localhost:70000/d{1...2}'], 'port'],
    ['a port that is no number', ['http://localhost:abc/d{1...2}'], 'port'],
    ['an empty host', ['http:///d{1...2}'], 'host'],
    ['an empty host with a port', ['http://:9000/d{1...2}'], 'host'],
    ['a URL without a path', ['http://localhost:9000', 'http://localhost:9000/b'], 'no path'],
    ['a URL of the root folder', ['http://localhost:9000/', 'http://localhost:9000/b'], 'no path'],
    ['the root folder', ['/'], 'root folder'],
    ['the root folder among others', ['/a', '/'], 'root folder'],
    ['an empty drive among others', ['/a', ''], 'empty'],
    ['a bare address', ['127.0.0.1'], 'no scheme'],
    ['a bare address with a port', ['127.0.0.1:9000/d{1...2}'], 'no scheme'],
    ['a query', ['http://localhost/a?x=1', 'http://localhost/b'], 'query'],
    ['a user', ['http://me:pw@localhost/a', 'http://localhost/b'], 'user'],
    ['another scheme', ['ftp://localhost/d{1...2}'], 'neither an http'],
    ['one drive in braces', ['/d{1...1}'], 'at least two'],
    ['17 drives', ['/d{1...17}'], '17 drives'],
    ['23 drives listed', Array.from({ length: 23 }, (_, index) => `/d${index}`), '23 drives'],
    ['no symmetry', ['/d{1...17}/e{1...2}'], 'spreads evenly'],
    ['a drive inside another', ['/a', '/a/b'], 'inside'],
    ['another machine', ['http://elsewhere:9000/d{1...4}'], 'distributed mode is not available'],
    ['another port of this machine', ['http://localhost:9001/d{1...4}'], 'distributed mode is not available'],
  ])('%s is refused with the reason and a hint', (_, args, words) => {
    const error = refusal(args);
    expect(error.message).toContain(words);
    expect(error.hint).toBeTruthy();
  });

  it('secrets of a URL do not get into the message', () => {
    expect(refusal(['http://me:topsecret@localhost/a', 'http://localhost/b']).message).not.toContain('topsecret');
  });

  it('paths are made absolute', () => {
    expect(parse(['d{1...2}'])[0]!.drives).toEqual([join(process.cwd(), 'd1'), join(process.cwd(), 'd2')]);
  });
});

describe('mounts inside a drive', () => {
  const mounts = 'proc /proc proc rw 0 0\n/dev/sdb /mnt/d1 ext4 rw 0 0\n/dev/sdc /mnt/d1/inner\\040one ext4 rw 0 0\n';
  it('are refused by name', () => expect(() => checkSubmounts(mounts, ['/mnt/d1'])).toThrow('/mnt/d1/inner one'));
  it('do not concern other drives', () => expect(() => checkSubmounts(mounts, ['/mnt/d', '/mnt/d1/inner one'])).not.toThrow());
});
