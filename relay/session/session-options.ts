/**
 * What one session is made of: the call and its stream, the ports to ACS and to Web PubSub, and who follows the call.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { VerifiedTicket } from '../../shared/wire/signed/ticket.ts';
import type { HeldAudio } from '../audio/held-audio.ts';
import type { TimerWheel } from '../base/timer-wheel.ts';
import type { OpenControlConnection, OpenLaneConnection } from '../lane/lane-connection.ts';
import type { HeardAudio } from '../listen/heard-audio.ts';
import type { RelayConfig } from '../settings/relay-config.ts';
import type { AudioOutput } from '../speak/audio-output.ts';
import type { PublishAction } from '../speak/worker-replies.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import type { CloseCause } from './close-cause.ts';

/** The port towards ACS: audio for the call, and the end of its stream. */
export interface MediaPort extends AudioOutput {
  /** Closes the stream from this side, within a bounded time. Idempotent. */
  close(cause: CloseCause): void;
}

/** What people do on a call. */
export interface CallActivity {
  speechStarted(): void;
  speechEnded(): void;
  keyPressed(): void;
}

/** The stream that a session serves. */
export interface StreamFacts {
  readonly ticket: VerifiedTicket;
  readonly callConnectionId: string;
  readonly correlationId?: string | undefined;
  /** What the call's last stream left for this one; undefined for the first of the call. */
  readonly handover?: StreamHandover | undefined;
}

/** What is the same for every session of a relay. */
export interface SessionEnvironment {
  readonly openConnection: OpenLaneConnection;
  readonly openControl: OpenControlConnection;
  /** The ticket keys, the present one first, also sign the messages in a call's control group. */
  readonly settings: Pick<RelayConfig, 'ticketKeys' | 'maxBacklogMs' | 'jitterBufferMs' | 'playoutLeadMs'>;
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** On the same clock. */
  readonly wheel: TimerWheel;
  /** Audio that waits to be played, of all sessions. Defaults to that of the one session. */
  readonly held?: HeldAudio;
  /** What waits of all calls for workers that listen to utterances. Without it, each has its own bound alone. */
  readonly heard?: HeardAudio;
}

export interface SessionOptions extends SessionEnvironment, StreamFacts {
  readonly media: MediaPort;
  /**
   * Saves the state for the call's next stream. `isShared`: also stores it where another relay can load it. Without it
   * nothing is saved, and no other relay takes the lanes over.
   */
  readonly onHandover?: (handover: StreamHandover, isShared: boolean) => Promise<void>;
  /** Whether another relay may go on with this call. Defaults to false. */
  readonly isMovable?: boolean;
  /** Already bound to the call's ids. */
  readonly log: Logger;
  /** Follows the turns of a worker. */
  readonly observeTurns?: (worker: string) => TurnObserver;
  /** A worker publishes a text for people who look at the call. */
  readonly onPublish?: (worker: string, action: PublishAction) => void;
  /** Hears what people do on the call. */
  readonly activity?: CallActivity | undefined;
}
