import { defineConfig } from 'vitest/config';
import { COMPILED } from './test/support/compiled.ts';

// The processes that run tests inherit this, and load most modules as compiled by the ones before them.
process.env['NODE_COMPILE_CACHE'] ??= COMPILED.NODE_COMPILE_CACHE;

/** For a whole call, on a machine that is so busy that its processes get a tenth of the time that they need. */
const WHOLE_CALL_LIMIT_MS = 480_000;

/**
 * Whole systems in real time, each file with systems of its own: with other parts, other workers, or something that
 * breaks them.
 */
const OWN_SYSTEMS = [
  'test/scenarios/residents.test.ts',
  'test/scenarios/system-with-faults.test.ts',
  'test/local/run/scenario/callees.test.ts',
  'test/local/run/stack/*.test.ts',
];

/** Whole calls in real time on one system with the workers of `test/fixtures/worker-app`. */
const FIXTURE_WORKERS = [
  'test/docs/api.test.ts',
  'test/scenarios/conversation.test.ts',
  'test/scenarios/misbehaving-workers.test.ts',
  'test/scenarios/workers-in-control.test.ts',
];

/** Whole calls in real time on one system that is started once for all of them. */
const ONE_SYSTEM = [
  'test/scenarios/calls.test.ts',
  'test/scenarios/idle-call.test.ts',
  'test/scenarios/pcmu.test.ts',
  'test/scenarios/scenario-files.test.ts',
  'test/scenarios/security.test.ts',
  'test/scenarios/utterances.test.ts',
];

export default defineConfig({
  test: {
    // Whole-call scenarios speak over real sockets in real time; everything else finishes in milliseconds. These limits
    // end what hangs, on a machine that may be busy with other things; whoever waits for something gives up before them
    // and says for what.
    testTimeout: 60_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Node itself loads the tests and what they test, without Vite between them. A process loads each module once for
    // all of its files, and runs it as fast as the product does. So a test leaves nothing behind that another could
    // find: no replaced globals, no servers, no settings in the environment, no state in a module.
    isolate: false,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Node 22 announces on every start that it strips types. Garbage is collected on one thread, as the cores are busy
    // with tests anyway.
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      '--single-threaded-gc',
      // Workers may import recordings.
      '--import',
      new URL('functions/workers/hosts/wav-imports.ts', import.meta.url).href,
    ],
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.alone.test.ts', ...ONE_SYSTEM, ...FIXTURE_WORKERS, ...OWN_SYSTEMS],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // What a process can hold once only, such as the provider of its traces, is tried in a process of its own.
        test: {
          name: 'alone',
          include: ['test/**/*.alone.test.ts'],
          isolate: true,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      // Calls in real time come after all that uses up the processor, and few at a time: one more than the smallest
      // machine has cores, since they mostly wait.
      {
        extends: true,
        test: {
          name: 'one system',
          include: ONE_SYSTEM,
          globalSetup: 'test/support/setup-one-system.ts',
          testTimeout: WHOLE_CALL_LIMIT_MS,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'fixture workers',
          include: FIXTURE_WORKERS,
          globalSetup: 'test/support/setup-fixture-workers.ts',
          testTimeout: WHOLE_CALL_LIMIT_MS,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'own systems',
          include: OWN_SYSTEMS,
          globalSetup: 'test/support/setup-own-systems.ts',
          testTimeout: WHOLE_CALL_LIMIT_MS,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
