// The import ladders of docs/architecture.md: a room may import only the rooms listed for it, and only through their index.
const base = ['base'];
const ladder = {
  base: [],
  hash: base,
  erasure: base,
  net: base,
  format: [...base, 'hash', 'erasure'],
  content: [...base, 'hash', 'format'],
  drive: [...base, 'hash', 'erasure', 'net', 'format'],
  cluster: [...base, 'hash', 'erasure', 'net', 'format', 'drive'],
  store: [...base, 'hash', 'erasure', 'net', 'format', 'drive', 'cluster'],
  s3: [...base, 'hash', 'erasure', 'net', 'format', 'content', 'drive', 'cluster', 'store'],
  admin: [...base, 'hash', 'erasure', 'net', 'format', 'content', 'drive', 'cluster', 'store', 's3'],
  server: [...base, 'hash', 'erasure', 'net', 'format', 'content', 'drive', 'cluster', 'store', 's3', 'admin'],
  client: [...base, 'hash'],
  view: [...base, 'hash', 'client'],
  tui: [...base, 'hash', 'client', 'view'],
  offline: [...base, 'hash', 'erasure', 'net', 'format', 'content', 'drive', 'cluster', 'store', 'client'],
};

const rules = Object.entries(ladder).flatMap(([room, allowed]) => [
  {
    name: `${room}-imports`,
    comment: `src/${room} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: { path: '^src/[^/]+/', pathNot: [room, ...allowed].map((name) => `^src/${name}/`) },
  },
  {
    name: `${room}-index-only`,
    comment: `other rooms import src/${room} through its index`,
    severity: 'error',
    from: { path: '^(src|commands)/', pathNot: `^src/${room}/` },
    to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
  },
]);

module.exports = {
  forbidden: [
    ...rules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'commands-import-user-side',
      severity: 'error',
      from: { path: '^commands/', pathNot: '^commands/server\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/(base|client|view|tui|offline)/' },
    },
    {
      name: 'only-the-server-command-starts-a-server',
      severity: 'error',
      from: { path: '^commands/server\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/(base|view|server)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'src/erasure/assembly' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
