/**
 * Tells tools in the same process which handler runs: `tracingChannel('trunkline.handler')` of
 * `node:diagnostics_channel`. It costs nothing while nobody subscribes. The local tools do (`local/run/watch`).
 */
import { tracingChannel } from 'node:diagnostics_channel';
import type { WorkerEvent } from './lane-message.ts';
import type { Worker } from './worker.ts';

/** The message of all events of one run. `error` comes from the channel, when the run fails. */
export interface RunningHandlerMessage {
  readonly worker: string;
  /** As its author wrote it: `onAudio`. */
  readonly handler: string;
  readonly callId: string;
  readonly callConnectionId?: string | undefined;
  /** Of a handler that was interrupted: whether it has returned in time. Then `error` is no failure. */
  end?: 'in time' | 'too late';
  readonly error?: unknown;
}

export const handlerChannel = tracingChannel<RunningHandlerMessage>('trunkline.handler');

const HANDLER_OF: Readonly<Record<Exclude<WorkerEvent['type'], 'audio'>, string>> = {
  'call.started': 'onCallStarted',
  participant: 'onParticipant',
  dtmf: 'onDtmf',
  'speech.started': 'onSpeechStarted',
  'speech.ended': 'onSpeechEnded',
  interrupted: 'onInterrupted',
  played: 'onPlayed',
  message: 'onMessage',
  'call.ended': 'onCallEnded',
  // These two have no handler: they are what became of `hangUp({ after: 'played' })` and of `play`.
  marked: 'hangUp',
  refused: 'play',
};

export function handlerOf(worker: Worker, { type }: WorkerEvent): string {
  if (type === 'audio') return worker.onAudio === undefined ? 'onUtterance' : 'onAudio';
  return HANDLER_OF[type];
}
