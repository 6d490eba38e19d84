import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole-call scenarios speak over real sockets in real time; everything else finishes in milliseconds.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // One more than the smallest machine has cores: calls in real time mostly wait.
    maxWorkers: 3,
    pool: 'forks',
  },
});
