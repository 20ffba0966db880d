#!/usr/bin/env node
'use strict';
// CommonJS on purpose: libuv reads UV_THREADPOOL_SIZE at the pool's first use, and loading an ES module already uses it.
// The server's drives share that pool for their concurrent fdatasync calls; four threads would make drives wait for each other.
if (process.argv[2] === 'server') process.env.UV_THREADPOOL_SIZE ??= '64';

import('@oclif/core').then(({ execute }) => execute({ dir: __dirname }));
