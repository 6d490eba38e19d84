/**
 * The telephone directory of the local system: which number to call for which worker and audio format.
 * The numbers are from the range 555-0100 to 555-0199 that is kept for fiction.
 */
import { AUDIO_FORMAT_NAMES, type AudioFormat } from '../../../shared/audio/audio-format.ts';
import { bargeInOf, type ListenMode, type WorkerPlan } from '../../../shared/call/plan.ts';

const FIRST_NUMBER = 14_255_550_100;
/** The numbers behind these are telephones that can be called, and callers of examples and tests. */
const NUMBERS = 80;

export interface OfferedWorker {
  readonly name: string;
  readonly listen: ListenMode;
  /** Defaults to what its listen mode says. */
  readonly bargeIn?: NonNullable<WorkerPlan['bargeIn']>;
}

export interface DirectoryEntry {
  readonly number: string;
  readonly worker: string;
  readonly listen: ListenMode;
  readonly bargeIn?: NonNullable<WorkerPlan['bargeIn']>;
  readonly format: AudioFormat;
  /** Whether the audio streams as soon as the call is answered, or waits for `streaming/start`. */
  readonly startStreaming: boolean;
}

/** The same workers, but those named stay with their calls: they hear the stream; barge-in stays as it was. */
export function withResidents(workers: readonly OfferedWorker[], names: readonly string[]): OfferedWorker[] {
  return workers.map((worker) =>
    names.includes(worker.name)
      ? { name: worker.name, listen: { mode: 'stream' }, bargeIn: bargeInOf(worker) }
      : worker,
  );
}

/** Four numbers a worker: both formats, streaming at once or later. @throws Error when the numbers run out */
export function makeDirectory(workers: readonly OfferedWorker[]): DirectoryEntry[] {
  const entries = workers.flatMap((worker) =>
    [true, false].flatMap((startStreaming) =>
      AUDIO_FORMAT_NAMES.map((format) => ({
        worker: worker.name,
        listen: worker.listen,
        ...(worker.bargeIn === undefined ? {} : { bargeIn: worker.bargeIn }),
        format,
        startStreaming,
      })),
    ),
  );
  if (entries.length > NUMBERS)
    throw new Error(
      `the local directory has numbers for ${NUMBERS / 4} workers, this app has ${workers.length}`,
    );
  return entries.map((entry, index) => ({ number: `+${FIRST_NUMBER + index}`, ...entry }));
}

/** A route for each number, in the shape of the setting `CALL_ROUTES`. */
export function directoryRoutes(directory: readonly DirectoryEntry[]): object[] {
  return directory.map(({ number, worker, listen, bargeIn, format, startStreaming }) => ({
    name: `${worker}-${format}${startStreaming ? '' : '-later'}`,
    match: { to: number },
    format,
    startStreaming,
    // Keys that callers press reach the worker.
    dtmf: true,
    workers: [{ name: worker, listen, ...(bargeIn === undefined ? {} : { bargeIn }) }],
  }));
}

/** The number to call for a worker, in a format. */
export function findNumber(
  directory: readonly DirectoryEntry[],
  worker: string,
  format: AudioFormat,
): string | undefined {
  return directory.find((entry) => entry.worker === worker && entry.format === format && entry.startStreaming)
    ?.number;
}

/** Lets calls be placed to the numbers that are kept for fiction; workers are attached while they last. */
export const OUTBOUND_ROUTE = {
  name: 'placed',
  match: { direction: 'outbound', to: '+142555501*' },
} as const;
