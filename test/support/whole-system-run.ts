/** What the whole-system tests of one run have in common; the global setups of their projects provide it. */
import { inject } from 'vitest';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import type { Secrets } from '../../local/run/stack/secrets.ts';

export interface WholeSystemRun {
  /** Removed at the end of the run. */
  readonly folder: string;
  /** The built product, as `buildProduct` makes it. */
  readonly product: string;
  /** The system that many test files call. */
  readonly shared?: {
    readonly system: RunningSystem;
    readonly secrets: Secrets;
    /** The file with every line that its parts have printed. */
    readonly log: string;
    /** The files of `ChunkLine` and `HeardLine` that the workers of `test/fixtures/worker-app` write. */
    readonly chunks?: string;
    readonly heard?: string;
  };
}

declare module 'vitest' {
  export interface ProvidedContext {
    wholeSystemRun?: WholeSystemRun;
  }
}

/** Undefined where nothing is provided: outside of tests, and in tests that run under another configuration. */
export function wholeSystemRun(): WholeSystemRun | undefined {
  try {
    return inject('wholeSystemRun');
  } catch {
    // Nobody provides anything to the global setups themselves, nor to a program that a test starts.
    return undefined;
  }
}
