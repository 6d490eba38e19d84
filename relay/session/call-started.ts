/** The first event that a worker gets: who is on the call, and how the worker hears them. */
import type { ListenMode } from '../../shared/call/plan.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { MediaDecoder } from '../listen/media-decoder.ts';
import type { StreamFacts } from './session-options.ts';

/** What holds at the moment at which this worker gets the event. */
interface WorkerFacts {
  readonly worker: string;
  /** The worker's present turn; 0 before the first. */
  readonly turn: number;
  readonly listen: ListenMode;
  /** Everybody who has been heard so far. */
  readonly participants: MediaDecoder['participants'];
}

export function callStarted(
  stream: StreamFacts,
  { worker, turn, listen, participants }: WorkerFacts,
): LaneEvent {
  const { ticket, callConnectionId, correlationId, handover } = stream;
  const control = ticket.controlOf?.(worker);
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
    ...(control === undefined ? {} : { control }),
    // Audio is lost between two streams of a call.
    ...(handover === undefined ? {} : { resumed: true, discontinuity: true }),
  };
}
