import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/base/index.js';
import { expandRanges } from '../../src/cluster/ellipses.js';
import { parseDriveArguments } from '../../src/cluster/endpoints.js';
import { checkSubmounts } from '../../src/cluster/mounts.js';
import type { Hosts } from '../../src/cluster/node-addresses.js';
import { parseListenAddress } from '../../src/net/index.js';

/** A small network: this machine is `here`, with two addresses besides its loopback ones. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1'],
  here: ['10.0.0.1'],
  'here-too': ['10.0.0.1'],
  h1: ['10.0.0.1'],
  h2: ['10.0.0.2'],
  h3: ['10.0.0.3'],
};
const hosts: Hosts = {
  addressesOf: (host) => {
    const addresses = isIP(host) === 0 ? ADDRESSES[host] : [host];
    return addresses === undefined ? Promise.reject(new Error(`getaddrinfo ENOTFOUND ${host}`)) : Promise.resolve(addresses);
  },
  isOwnAddress: (address) => address.startsWith('127.') || ['::1', '10.0.0.1'].includes(address),
};
const everywhere = { host: undefined, port: 9000 };

interface More {
  readonly listen?: string;
  readonly setDriveCount?: string;
}
const layoutOf = (args: readonly string[], { listen, setDriveCount }: More = {}) =>
  parseDriveArguments(args, { listen: listen === undefined ? everywhere : parseListenAddress(listen), hosts, setDriveCount });
const parse = async (args: readonly string[], more?: More) => (await layoutOf(args, more)).pools;
const paths = async (args: readonly string[]) => (await parse(args))[0]!.drives.map(({ path }) => path);
/** Names of the nodes, this one in brackets. */
const nodes = async (args: readonly string[], listen?: string) =>
  (await layoutOf(args, listen === undefined ? {} : { listen })).nodes.map(({ name, isThisNode }) => (isThisNode ? `[${name}]` : name));

async function refusal(args: readonly string[], more?: More): Promise<UsageError> {
  try {
    await parse(args, more);
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
    async (argument) => {
      const error = await refusal([argument]);
      expect(error.message).toContain(argument);
      expect(error.hint).toBeTruthy();
    },
  );

  it('any text is expanded or refused with a UsageError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('{', '}', '...', '..', ',', '1', '04', 'a', 'ff', 'z', '/', 'http://', ':', '9000', ' '), { maxLength: 10 }), async (parts) => {
        try {
          await parse([parts.join('')]);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('drive arguments', () => {
  it('a single path is a single drive', async () => {
    const path = resolve('data');
    expect(await parse(['./data'])).toEqual([{ commandLine: './data', drives: [{ name: path, path, node: undefined }], setSize: 1 }]);
  });

  it('several plain paths are one pool in the order given', async () => {
    expect(await paths(['/b', '/a', '/d', '/c'])).toEqual(['/b', '/a', '/d', '/c']);
    expect(await parse(['/b', '/a', '/d', '/c'])).toMatchObject([{ commandLine: '/b /a /d /c', setSize: 4 }]);
  });

  it('every argument with ranges is a pool', async () => {
    const pools = await parse(['/a{1...4}', '/b{1...8}']);
    expect(pools.map(({ commandLine, drives, setSize }) => [commandLine, drives.length, setSize])).toEqual([
      ['/a{1...4}', 4, 4],
      ['/b{1...8}', 8, 8],
    ]);
  });

  it('URLs of this machine and port alone are the paths of a server that is alone', async () => {
    expect(await paths(['http://localhost:9000/mnt/d{1...4}'])).toEqual(['/mnt/d1', '/mnt/d2', '/mnt/d3', '/mnt/d4']);
    expect(await paths(['http://here/mnt/d{1...2}'])).toEqual(['/mnt/d1', '/mnt/d2']);
    expect(await paths(['http://[::1]:9000/a', 'http://[::1]:9000/b'])).toEqual(['/a', '/b']);
    expect(await nodes(['http://here/mnt/d{1...2}'])).toEqual([]);
  });

  it('MINIO_ERASURE_SET_DRIVE_COUNT chooses the set size', async () => {
    expect((await parse(['/d{1...8}'], { setDriveCount: '4' }))[0]!.setSize).toBe(4);
    expect((await refusal(['/d{1...8}'], { setDriveCount: '5' })).message).toContain('[2 4 8]');
    expect((await refusal(['/d{1...8}'], { setDriveCount: 'four' })).message).toContain('four');
  });

  it('paths are made absolute', async () => {
    expect(await paths(['d{1...2}'])).toEqual([join(process.cwd(), 'd1'), join(process.cwd(), 'd2')]);
  });
});

describe('drive URLs of several nodes', () => {
  it('keep the leftmost range fastest, so that neighbours are on different hosts', async () => {
    const [pool] = await parse(['http://h{1...3}/e{1...2}']);
    expect(pool!.drives.map(({ name }) => name)).toEqual(['http://h1/e1', 'http://h2/e1', 'http://h3/e1', 'http://h1/e2', 'http://h2/e2', 'http://h3/e2']);
    expect(pool!.drives.map(({ node }) => node?.name)).toEqual(['h1:9000', 'h2:9000', 'h3:9000', 'h1:9000', 'h2:9000', 'h3:9000']);
    expect(pool!.setSize).toBe(6);
  });

  it('listed one by one, as in 2017, are one pool in the order given', async () => {
    const args = ['http://h1/e1', 'http://h1/e2', 'http://h2/e1', 'http://h2/e2', 'http://h3/e1', 'http://h3/e2'];
    const [pool] = await parse(args);
    expect(pool!.drives.map(({ name }) => name)).toEqual(args);
    expect(pool!.setSize).toBe(6);
    expect(await nodes(args)).toEqual(['[h1:9000]', 'h2:9000', 'h3:9000']);
  });

  it('find this server by the address and port that it listens on', async () => {
    const loopback = ['http://127.0.0.{1...3}:9000/m{1...2}'];
    expect((await refusal(loopback)).message).toContain('different hostnames/ips');
    const args = [1, 2, 3].flatMap((host) => [1, 2].map((drive) => `http://127.0.0.${host}:9000/m${host}/e${drive}`));
    expect(await nodes(args, '127.0.0.2:9000')).toEqual(['127.0.0.1:9000', '[127.0.0.2:9000]', '127.0.0.3:9000']);
    expect(await nodes(['http://localhost:9001/a', 'http://localhost:9002/b'], ':9002')).toEqual(['localhost:9001', '[localhost:9002]']);
    expect(await nodes(['http://[::1]:9000/a', 'http://h2:9000/b'], '[::1]:9000')).toEqual(['[[::1]:9000]', 'h2:9000']);
  });

  it('may be several pools, each with nodes of its own', async () => {
    expect(await nodes(['http://h{1...2}/a{1...2}', 'http://h3/b{1...4}'])).toEqual(['[h1:9000]', 'h2:9000', 'h3:9000']);
  });

  it('go on without a name that does not resolve, if this server is among the others: it may come up later', async () => {
    expect(await nodes(['http://h1/e{1...2}', 'http://h9/e{1...2}'])).toEqual(['[h1:9000]', 'h9:9000']);
  });
});

describe('drive arguments that are refused with the reason and a hint', () => {
  it.each<[string, readonly string[], string, More?]>([
    ['no drive', [], 'no drive'],
    ['an empty drive', [''], 'no drive'],
    ['a URL for a single drive', ['http://localhost:9000/data'], 'use path style endpoint for single node setup'],
    ['the same argument twice', ['/d{1...4}', '/d{1...4}'], 'duplicate ellipses'],
    ['the same path twice', ['/a', '/b', '/a', '/c'], 'twice'],
    ['the same path typed in two ways', ['/a', '/x/../a'], 'duplicate endpoints found'],
    ['pools that overlap', ['/d{1...4}', '/d{4...7}'], '/d4'],
    ['pools of URLs that overlap', ['http://h{1...2}/d{1...4}', 'http://h{1...2}/d{4...7}'], 'duplicate endpoints found: the drive http://h1/d4'],
    ['ranges and none mixed', ['/d{1...4}', '/e'], 'all args must have ellipses for pool expansion'],
    ['paths and URLs mixed', ['/a', 'http://localhost:9000/b'], 'mixed style endpoints are not supported'],
    ['http and https mixed', ['http://localhost/a', 'https://localhost/b'], 'mixed scheme is not supported'],
    ['two names of this server', ['http://localhost/a', 'http://127.0.0.1/b'], 'different hostnames/ips'],
    ['two names of this server among others', ['http://here/a', 'http://here-too/b', 'http://h2/c'], '"here" and "here-too" both mean this server'],
    ['one folder behind two ports', ['http://h1:9000/a', 'http://h1:9001/a'], "same path '/a' can not be served by different port on same address"],
    ['one folder behind two ports of another host', ['http://h1/a', 'http://h1/b', 'http://h2:9000/a', 'http://h2:9001/a'], 'h2:9000 and h2:9001 are one host'],
    ['one folder behind two addresses of this machine', ['http://127.0.0.1/a', 'http://127.0.0.2/a'], "path '/a' cannot be served by different address on same server", { listen: '127.0.0.1:9000' }],
    ['port 0', ['http://localhost:0/a', 'http://localhost:0/b'], 'the port "0"'],
    ['a port above 65535', ['http://localhost:70000/d{1...2}'], 'from 1 to 65535'],
    ['a port that is no number', ['http://localhost:abc/d{1...2}'], 'the port "abc"'],
    ['an empty host', ['http:///d{1...2}'], 'empty host name'],
    ['an empty host with a port', ['http://:9000/d{1...2}'], 'empty host name'],
    ['a host that is none', ['http://h[1/d{1...2}'], 'the host is malformed'],
    ['a URL without a path', ['http://localhost:9000', 'http://localhost:9000/b'], 'empty or root path is not supported in URL endpoint'],
    ['a URL of the root folder', ['http://localhost:9000/', 'http://localhost:9000/b'], 'empty or root path is not supported in URL endpoint'],
    ['a URL with half an escape', ['http://localhost:9000/a%2', 'http://localhost:9000/b'], 'a % in the path'],
    ['the root folder', ['/'], 'empty or root endpoint is not supported'],
    ['the root folder among others', ['/a', '/'], 'empty or root endpoint is not supported'],
    ['an empty drive among others', ['/a', ''], 'empty or root endpoint is not supported'],
    ['a bare address', ['127.0.0.1'], 'missing scheme http or https'],
    ['a bare address with a port', ['127.0.0.1:9000/d{1...2}'], 'missing scheme http or https'],
    ['a query', ['http://localhost/a?x=1', 'http://localhost/b'], 'invalid URL endpoint format'],
    ['a fragment', ['http://localhost/a#x', 'http://localhost/b'], 'invalid URL endpoint format'],
    ['a user', ['http://me:pw@localhost/a', 'http://localhost/b'], 'a user'],
    ['another scheme', ['ftp://localhost/d{1...2}'], 'neither an http'],
    ['names that do not resolve', ['http://nowhere{1...2}/e{1...2}'], 'lookup nowhere1: getaddrinfo ENOTFOUND'],
    ['nothing of this server', ['http://h{2...3}/e{1...2}'], 'local host not found in cluster setup'],
    ['another port of this server', ['http://h1:9001/e{1...2}'], 'it listens on port 9000'],
    ['one drive in braces', ['/d{1...1}'], 'incorrect number of endpoints provided'],
    ['17 drives', ['/d{1...17}'], '17 drives'],
    ['23 drives listed', Array.from({ length: 23 }, (_, index) => `/d${index}`), '23 drives'],
    ['no symmetry', ['/d{1...17}/e{1...2}'], 'spreads evenly'],
    ['two dots', ['/d{1..4}'], 'a range that cannot be read'],
    ['a list', ['/d{1,2}'], 'a range that cannot be read'],
    ['a range that starts above its end', ['/d{4...1}'], 'starts above its end'],
    ['a range that is none of numbers', ['/d{x...z}'], 'neither a decimal nor a hexadecimal number'],
    ['a drive inside another', ['/a', '/a/b'], 'inside'],
  ])('%s', async (_, args, words, more) => {
    const error = await refusal(args, more);
    expect(error.message).toContain(words);
    expect(error.hint).toBeTruthy();
  });

  it('without showing the secrets of a URL', async () => {
    for (const args of [['http://me:topsecret@localhost/a', 'http://localhost/b'], ['http://me:topsecret@localhost/a'], ['/a', 'http://me:topsecret@localhost/b']]) {
      expect((await refusal(args)).message).not.toContain('topsecret');
    }
  });

  it('saying with which address to start a server whose port is another one', async () => {
    expect((await refusal(['http://h1:9001/a{1...2}', 'http://h2:9001/a{1...2}'])).hint).toContain('--address :9001');
  });
});

describe('mounts inside a drive', () => {
  const mounts = 'proc /proc proc rw 0 0\n/dev/sdb /mnt/d1 ext4 rw 0 0\n/dev/sdc /mnt/d1/inner\\040one ext4 rw 0 0\n';
  it('are refused by name', () => expect(() => checkSubmounts(mounts, ['/mnt/d1'])).toThrow('/mnt/d1/inner one'));
  it('do not concern other drives', () => expect(() => checkSubmounts(mounts, ['/mnt/d', '/mnt/d1/inner one'])).not.toThrow());
});
