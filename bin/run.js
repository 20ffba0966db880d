#!/usr/bin/env node
'use strict';
// CommonJS on purpose: both settings of the server must come before its first ES module.
if (process.argv[2] === 'server') {
  // libuv reads this at the pool's first use, and loading an ES module already uses it. The drives share the pool for their
  // concurrent fdatasync calls; four threads would make drives wait for each other.
  process.env.UV_THREADPOOL_SIZE ??= '32';
  // V8 would let garbage pile up in proportion to free memory, in every thread: a third more of it for no speed that could be measured.
  require('node:v8').setFlagsFromString('--optimize-for-size');
}

const root = require('node:path').join(__dirname, '..');

/** mc's spellings: global flags before the command, `-json` for `--json`, `-h`. */
async function argumentsForOclif() {
  const argv = process.argv.slice(2);
  const { needsNormalizing, normalizeArguments } = await import('../dist/src/view/arguments.js');
  return needsNormalizing(argv) ? normalizeArguments(argv, require('../oclif.manifest.json')) : argv;
}

/** Packages that the framework loads at once but needs for help, spinners and plug-ins without a manifest only. */
const SELDOM = ['clean-stack', 'cli-spinners', 'ejs', 'indent-string', 'lilconfig', 'minimatch', 'string-width', 'tinyglobby', 'widest-line', 'wordwrap', 'wrap-ansi'];

/** Requires a package whose seldom used dependencies load when they are first touched: a third less time for every command. */
function requireLean(name) {
  // npm checked the engine when it installed; checking again at each start would load a package of fifty files.
  process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
  const Module = require('node:module');
  const load = Module._load;
  Module._load = (id, parent, isMain) => {
    if (!SELDOM.includes(id)) return load(id, parent, isMain);
    let loaded;
    const real = () => (loaded ??= load(id, parent, isMain));
    return new Proxy(() => {}, { get: (_target, key) => (key === '__esModule' ? false : real()[key]), apply: (_target, _self, args) => real()(...args) });
  };
  try {
    return require(name);
  } finally {
    Module._load = load;
  }
}

async function main() {
  // Answered without the framework, whose loading takes longer than the answer.
  if (process.argv.length === 3 && ['--version', '-v', '-version'].includes(process.argv[2])) {
    process.stdout.write(`mts version ${require('../package.json').version} (node ${process.version}, ${process.platform}-${process.arch})\n`);
    return;
  }
  const args = await argumentsForOclif();
  const { execute } = requireLean('@oclif/core');
  await execute({ dir: root, args });
}

main();
