import { defineConfig } from 'vitest/config';

const limits = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    disableConsoleIntercept: true,
    reporters: process.env['CI'] ? ['default', './test/closing-line.ts'] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'rooms', include: ['test/**/*.test.{ts,tsx}'], exclude: ['test/e2e/**', 'test/commands/**'], ...limits },
      },
      {
        // Whatever runs the installed program: needs dist/.
        extends: true,
        test: { name: 'program', include: ['test/{e2e,commands}/**/*.test.{ts,tsx}'], globalSetup: './test/build.ts', ...limits },
      },
    ],
  },
});
