#!/usr/bin/env node
'use strict';
// `minio` for test suites that launch a MinIO binary: the same command line, served by mts.
const { version } = require('../package.json');

const [first, ...rest] = process.argv.slice(2);
if (first === '--version' || first === '-v') {
  // Suites look for the release on the first line.
  process.stdout.write(`minio version RELEASE.2025-10-15T17-29-55Z (commit-id=mts-${version})\nRuntime: mts ${version}, a server compatible with that release, on node ${process.versions.node}\n`);
} else {
  // MinIO takes some of its flags before the command as well.
  const at = process.argv.indexOf('server', 2);
  const args = at < 0 ? [first, ...rest] : ['server', ...process.argv.slice(2, at), ...process.argv.slice(at + 1)];
  process.argv.splice(2, process.argv.length, ...args.filter((arg) => arg !== undefined));
  require('./run.js');
}
