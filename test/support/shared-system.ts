/**
 * One running system for all whole-system tests that are content with the product as it is deployed. Each of them has
 * numbers of its own, so that none meets the calls of another; none of them ends a part of the system or changes how it
 * behaves.
 */
import { readFile } from 'node:fs/promises';
import { type CalledSystem, calledSystem } from './system.ts';
import { wholeSystemRun } from './whole-system-run.ts';

export interface SharedSystem extends CalledSystem {
  /** Everything that the parts have printed so far. */
  log(): Promise<string>;
}

/** @throws Error where the test runs under a configuration that starts no shared system */
export function sharedSystem(): SharedSystem {
  const shared = wholeSystemRun()?.shared;
  if (shared === undefined)
    throw new Error('this test belongs to a project of vitest.config.ts that starts a system for its tests');
  return { ...calledSystem(shared.system, shared.secrets), log: () => readFile(shared.log, 'utf8') };
}

/** The number that each test calls whose route is none of the directory's. */
export const SHARED_NUMBERS = {
  /** An echo that hears PCMU. */
  pcmu: { pcm16KMono: '+14255550170', pcm24KMono: '+14255550171' },
  /** A parrot that nobody interrupts: one that is interrupted falls silent, and an answer that is held up would be. */
  sentences: { pcm16KMono: '+14255550172', pcm24KMono: '+14255550173' },
  /** Calls end after some silence. */
  quiet: '+14255550174',
} as const;

export const QUIET_SECONDS = 5;

export function sharedRoutes(): object[] {
  const perFormat = (numbers: Readonly<Record<string, string>>, name: string, worker: object): object[] =>
    Object.entries(numbers).map(([format, to]) => ({
      name: `${name}-${format}`,
      match: { to },
      format,
      workers: [worker],
    }));
  return [
    ...perFormat(SHARED_NUMBERS.pcmu, 'pcmu', { name: 'echo', codec: 'pcmu' }),
    ...perFormat(SHARED_NUMBERS.sentences, 'sentences', {
      name: 'parrot',
      listen: { mode: 'utterance' },
      bargeIn: { policy: 'never' },
    }),
    {
      name: 'quiet',
      match: { to: SHARED_NUMBERS.quiet },
      idleSeconds: QUIET_SECONDS,
      workers: [{ name: 'echo' }],
    },
  ];
}
