#!/usr/bin/env node
'use strict';
// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE at the pool's first use, and loading an ES module already uses it.
// The server's drives share that pool for their concurrent fdatasync calls; four threads would make drives wait for each other.
if (process.argv[2] === 'server') process.env.UV_THREADPOOL_SIZE ??= '64';

const root = require('node:path').join(__dirname, '..');

/** mc's spellings: global flags before the command, `-json` for `--json`, `-h`. */
async function argumentsForOclif() {
  const argv = process.argv.slice(2);
  const { needsNormalizing, normalizeArguments } = await import('../dist/src/view/arguments.js');
  return needsNormalizing(argv) ? normalizeArguments(argv, require('../oclif.manifest.json')) : argv;
}

async function main() {
  // Answered without the framework, whose loading takes longer than the answer.
  if (process.argv.length === 3 && ['--version', '-v', '-version'].includes(process.argv[2])) {
    process.stdout.write(`mts version ${require('../package.json').version} (node ${process.version}, ${process.platform}-${process.arch})\n`);
    return;
  }
  const args = await argumentsForOclif();
  // npm checks the engine when it installs; checking at each start would load a package of fifty files.
  process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
  const { execute } = require('@oclif/core');
  await execute({ dir: root, args });
}

main();
