/**
 * One running system for all whole-system tests whose workers are those of `test/fixtures/worker-app`. Each test has
 * numbers of its own.
 */
import { readFile } from 'node:fs/promises';
import type { ChunkLine } from '../fixtures/worker-app/chunk-line.ts';
import type { HeardLine } from '../fixtures/worker-app/heard-line.ts';
import { jsonLines } from './json-lines.ts';
import { wholeSystemRun } from './whole-system-run.ts';

/** The numbers that tests call; none is of the directory. */
export const FIXTURE_NUMBERS = {
  /** The storyteller, whom a caller stops, or makes to pause, and whom another worker talks over. */
  stop: '+14255550160',
  pause: '+14255550161',
  crowd: '+14255550162',
  /** The same story, played from a handler that goes on. */
  stream: '+14255550166',
  /** Four workers, of which one is too slow and one too loud. */
  four: '+14255550163',
  /** A worker that does what the keys ask for, as a function and as a resident. */
  controlled: '+14255550164',
  controlledByResident: '+14255550165',
} as const;

/** How the lines of the resident worker begin in the log of the system. */
export const RESIDENT_LINE = '[resident worker]';

/** @param transcripts where the transcripts of placed calls go */
export function fixtureRoutes(transcripts: string): object[] {
  const storyteller = (bargeIn: object, more: object = {}): object => ({
    name: 'storyteller',
    listen: { mode: 'utterance' },
    bargeIn,
    ...more,
  });
  return [
    { name: 'stops', match: { to: FIXTURE_NUMBERS.stop }, workers: [storyteller({ policy: 'stop' })] },
    {
      name: 'streams',
      match: { to: FIXTURE_NUMBERS.stream },
      workers: [storyteller({ policy: 'stop' }, { name: 'streamer' })],
    },
    {
      name: 'pauses',
      match: { to: FIXTURE_NUMBERS.pause },
      workers: [storyteller({ policy: 'pause', falseAfterMs: 600 })],
    },
    {
      name: 'crowd',
      match: { to: FIXTURE_NUMBERS.crowd },
      workers: [{ name: 'chatterer' }, storyteller({ policy: 'never' }, { priority: 1 })],
    },
    {
      name: 'four',
      match: { to: FIXTURE_NUMBERS.four },
      workers: [
        { name: 'parrot', listen: { mode: 'utterance' }, bargeIn: { policy: 'never' }, priority: 1 },
        { name: 'echo', speaks: false },
        { name: 'sleeper', speaks: false },
        { name: 'flooder' },
      ],
    },
    {
      name: 'controlled',
      match: { to: FIXTURE_NUMBERS.controlled },
      dtmf: true,
      workers: [{ name: 'controller' }],
    },
    {
      name: 'controlled-by-a-resident',
      match: { to: FIXTURE_NUMBERS.controlledByResident },
      dtmf: true,
      workers: [{ name: 'resident', listen: { mode: 'stream' } }],
    },
    // As the route `placed`, which every local system has, and with a transcript.
    {
      name: 'placed, with a transcript',
      match: { direction: 'outbound', to: '+142555501*' },
      transcription: { url: transcripts, locale: 'en-US' },
    },
  ];
}

/** What the misbehaving workers have written down of all calls so far. */
export const writtenChunks = (): Promise<ChunkLine[]> => linesOf(wholeSystemRun()?.shared?.chunks);

/** The same of the listening workers. */
export const writtenHeard = (): Promise<HeardLine[]> => linesOf(wholeSystemRun()?.shared?.heard);

/** None where nothing was written yet. */
async function linesOf<T>(file = ''): Promise<T[]> {
  return jsonLines<T>(await readFile(file, 'utf8').catch(() => ''));
}
