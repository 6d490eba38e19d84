/**
 * One connection of a lane, from the attempt to open it until the lane drops it. After that it reports nothing more.
 */
import type { Clock } from '../../shared/base/clock.ts';
import { afterSilence } from '../../shared/base/own-pause.ts';
import type {
  LaneConnection,
  LaneListener,
  LaneMessage,
  LaneTarget,
  OpenLaneConnection,
} from './lane-connection.ts';

/** How long opening a connection may take. */
const OPEN_TIMEOUT_MS = 10_000;

interface LaneAttemptOptions {
  readonly target: LaneTarget;
  readonly openConnection: OpenLaneConnection;
  readonly clock: Clock;
  /** Tells messages apart that may answer what an earlier holder of the connection has sent. */
  readonly marksReplays: boolean;
}

interface LaneAttemptListener extends Omit<LaneListener, 'closed' | 'message'> {
  /** The connection is open. Called at most once. */
  opened(): void;
  /** The connection is gone, or could not be opened. Called at most once. */
  lost(): void;
  /** `mayBeOld`: it may answer what an earlier holder of the connection has sent. */
  message(message: LaneMessage, mayBeOld: boolean): void;
}

export class LaneAttempt {
  readonly connection: LaneConnection;
  /** What comes may answer an earlier holder of the connection. */
  #mayReplay: boolean;
  #isDropped = false;

  /** Begins to open the connection. */
  constructor(
    { target, openConnection, clock, marksReplays }: LaneAttemptOptions,
    listener: LaneAttemptListener,
  ) {
    this.#mayReplay = marksReplays && target.resume !== undefined;
    const lost = (): void => {
      cancelTimeout();
      if (!this.#isDropped) listener.lost();
    };
    this.connection = openConnection(target, {
      message: (message) => {
        if (!this.#isDropped) listener.message(message, this.#mayReplay);
      },
      settled: (isAcked) => {
        if (!this.#isDropped) listener.settled(isAcked);
      },
      control: (value) => {
        if (!this.#isDropped) listener.control(value);
      },
      closed: lost,
    });
    const cancelTimeout = afterSilence(clock, OPEN_TIMEOUT_MS, lost);
    this.connection.start().then(() => {
      cancelTimeout();
      if (!this.#isDropped) listener.opened();
    }, lost);
  }

  /** The worker has answered this holder. What the service had kept for the connection came before that. */
  answered(): void {
    this.#mayReplay = false;
  }

  /** Ends the connection. Idempotent. */
  drop(): void {
    this.#isDropped = true;
    this.connection.stop();
  }
}
