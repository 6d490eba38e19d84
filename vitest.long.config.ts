import { defineConfig } from 'vitest/config';

/** Checks that last minutes: run by CI after the tests, not by `npm test`. */
export default defineConfig({
  test: { include: ['test/**/*.long.ts'], testTimeout: 600_000, hookTimeout: 60_000, pool: 'forks' },
});
