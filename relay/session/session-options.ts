/** What one session is made of: the call and its stream, where its audio comes from and goes to, and who is told what. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { VerifiedTicket } from '../../shared/wire/signed/ticket.ts';
import type { TimerWheel } from '../base/timer-wheel.ts';
import type { OpenControlConnection, OpenLaneConnection } from '../lane/lane-connection.ts';
import type { CallActivity } from '../operate/idle-watch.ts';
import type { PublishAction } from '../speak/worker-replies.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import type { MediaSocket } from './media-socket.ts';

export interface SessionOptions {
  readonly ticket: VerifiedTicket;
  readonly callConnectionId: string;
  readonly correlationId?: string;
  /** What the stream before this one has left; undefined for the first of the call. */
  readonly handover?: StreamHandover;
  /** Saves the state for the call's next stream. `isShared`: also where another relay can load it. Omit to disable. */
  readonly onHandover?: (handover: StreamHandover, isShared: boolean) => Promise<void>;
  /** Another relay may take over what this one leaves. */
  readonly isMovable?: boolean;
  readonly socket: MediaSocket;
  readonly openConnection: OpenLaneConnection;
  readonly openControl: OpenControlConnection;
  /** By which messages in the call's control group are signed. */
  readonly controlKeys: readonly string[];
  readonly maxBacklogMs: number;
  readonly jitterBufferMs: number;
  readonly playoutLeadMs: number;
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** On the same clock. */
  readonly wheel: TimerWheel;
  /** Already bound to the call's ids. */
  readonly log: Logger;
  /** Follows the turns of a worker. Absent: nobody does. */
  readonly observeTurns?: (worker: string) => TurnObserver;
  /** Told of what people do on the call. Absent: nobody is. */
  readonly activity?: CallActivity;
  /** A worker published something for whoever watches the call. */
  readonly onPublish?: (callId: string, worker: string, action: PublishAction) => void;
}
