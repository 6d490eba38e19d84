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
    // Loading the SDKs of Azure anew for each file takes longer than many of the files: a third of the whole. So a test leaves
    // nothing behind that another could find: no replaced globals, no servers, no settings in the environment.
    isolate: false,
  },
});
