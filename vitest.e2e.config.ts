import { defineConfig } from 'vitest/config';

/** The end-to-end suites: whole commands as a user runs them, and real peers. Slow; `.ci/run` runs them. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
  },
});
