import { defineConfig } from 'vitest/config';

/**
 * Checks that last minutes: run by CI after the tests, not by `npm test`. One after the other, since most are whole
 * systems in real time.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    testTimeout: 600_000,
    hookTimeout: 180_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
