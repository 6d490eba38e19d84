import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Whole-call scenarios speak over real sockets in real time; everything else finishes in milliseconds. These limits end what hangs, on a
    // machine that may be busy with other things; whoever waits for something gives up before them and says for what.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // One more than the smallest machine has cores: calls in real time mostly wait.
    maxWorkers: 3,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.alone.test.ts'],
          // Loading the SDKs of Azure anew for each file takes longer than many of the files: a third of the whole. So a test leaves
          // nothing behind that another could find: no replaced globals, no servers, no settings in the environment.
          isolate: false,
        },
      },
      {
        extends: true,
        // What a process can hold once only, such as the provider of its traces, is tried in a process of its own.
        test: { name: 'alone', include: ['test/**/*.alone.test.ts'], isolate: true },
      },
    ],
  },
});
