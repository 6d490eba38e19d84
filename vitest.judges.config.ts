import { defineConfig } from 'vitest/config';

/** Checks by programs that `npm ci` does not bring. CI installs them and runs this; `npm test` does not. */
export default defineConfig({
  test: { include: ['test/**/*.judge.ts'], testTimeout: 120_000, pool: 'forks' },
});
