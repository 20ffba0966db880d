import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Tests run the built program: what users run, with its threads. */
const built = [{ find: /^(?:\.\.\/)+(src|commands)\/(.*\.js)$/, replacement: join(import.meta.dirname, 'dist/$1/$2') }];

export default defineConfig({
  resolve: { alias: built },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: './test/build.ts',
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    server: { deps: { external: [/\/dist\/(src|commands)\//] } },
    reporters: process.env['CI'] ? ['default', './test/closing-line.ts'] : ['default'],
  },
});
