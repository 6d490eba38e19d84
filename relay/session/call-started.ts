/** What a worker is told of the call when it comes to it: who is on it, and how it hears them. */
import type { ListenMode } from '../../shared/call/plan.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { Participant } from '../listen/media-decoder.ts';
import type { SessionOptions } from './session-options.ts';

/** What is the same for every worker of a stream. */
export type StreamFacts = Pick<SessionOptions, 'ticket' | 'callConnectionId' | 'correlationId' | 'handover'>;

/** What it is when this worker is told. */
export interface WorkerFacts {
  /** The worker's turn that is under way; 0 before the first. */
  readonly turn: number;
  readonly listen: ListenMode;
  /** Those who have been heard so far. */
  readonly participants: Participant[];
}

export function callStarted(stream: StreamFacts, { turn, listen, participants }: WorkerFacts): CallEvent {
  const { ticket, callConnectionId, correlationId, handover } = stream;
  return {
    type: 'call.started',
    callId: ticket.callId,
    callConnectionId,
    ...(correlationId === undefined ? {} : { correlationId }),
    from: ticket.from,
    to: ticket.to,
    format: ticket.plan.format,
    listen: listen.mode,
    participants,
    turn,
    ...(ticket.control === undefined ? {} : { control: ticket.control }),
    // Audio is lost between two streams of a call.
    ...(handover === undefined ? {} : { resumed: true, discontinuity: true }),
  };
}
