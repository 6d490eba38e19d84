/** Tells the tools of this process what a worker does. */
import { channel, tracingChannel } from 'node:diagnostics_channel';
import {
  HANDLER_CHANNEL,
  type RunningHandlerMessage,
  TEXT_CHANNEL,
} from '../../../shared/wire/lane/handler-channel.ts';
import type { WorkerEvent } from './lane-message.ts';
import type { RunningHandler } from './running-handler.ts';
import type { Worker, WorkerReply } from './worker.ts';

const handlers = tracingChannel<RunningHandlerMessage>(HANDLER_CHANNEL);
const texts = channel(TEXT_CHANNEL);

interface Announced {
  readonly worker: Worker;
  readonly event: WorkerEvent;
  readonly callId: string;
  readonly callConnectionId: string | undefined;
  readonly handler: RunningHandler;
}

/** Runs a handler where they can see it. */
export function announced<T>(
  { worker, event, callId, callConnectionId, handler }: Announced,
  run: () => Promise<T>,
): Promise<T> {
  if (!handlers.hasSubscribers) return run();
  const message: RunningHandlerMessage = {
    worker: worker.name,
    handler: handlerOf(worker, event),
    callId,
    callConnectionId,
  };
  const noting = async (): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      if (handler.isInterrupted) message.end = handler.hasOverstayed ? 'too late' : 'in time';
      throw error;
    }
  };
  return handlers.tracePromise(noting, message);
}

export function announceText(text: string): void {
  texts.publish(text);
}

/** The texts in a reply. */
export function announceTexts(reply: WorkerReply): void {
  if (typeof reply !== 'object' || !('actions' in reply)) return;
  for (const action of reply.actions) if (action.type === 'publish') announceText(action.text);
}

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

function handlerOf(worker: Worker, { type }: WorkerEvent): string {
  if (type === 'audio') return worker.onAudio === undefined ? 'onUtterance' : 'onAudio';
  return HANDLER_OF[type];
}
