/**
 * One connection of a lane, from the attempt to open it until the lane drops it. After that it reports nothing more.
 */
import type { Clock } from '../../shared/base/clock.ts';
import type { LaneConnection, LaneListener, LaneTarget, OpenLaneConnection } from './lane-connection.ts';

/** How long opening a connection may take. */
export const OPEN_TIMEOUT_MS = 10_000;

interface LaneAttemptOptions {
  readonly target: LaneTarget;
  readonly openConnection: OpenLaneConnection;
  readonly clock: Clock;
  /** Skips replies to what an earlier holder of the connection has sent. */
  readonly skipsReplays: boolean;
}

interface LaneAttemptListener extends Omit<LaneListener, 'closed'> {
  /** The connection is open. Called at most once. */
  opened(): void;
  /** The connection is gone, or could not be opened. Called at most once. */
  lost(): void;
  /** A message was skipped. */
  skipped(): void;
}

export class LaneAttempt {
  readonly connection: LaneConnection;
  /** What comes may answer an earlier holder of the connection. */
  #mayReplay: boolean;
  #isDropped = false;

  /** Begins to open the connection. */
  constructor(
    { target, openConnection, clock, skipsReplays }: LaneAttemptOptions,
    listener: LaneAttemptListener,
  ) {
    this.#mayReplay = skipsReplays && target.resume !== undefined;
    const lost = (): void => {
      cancelTimeout();
      if (!this.#isDropped) listener.lost();
    };
    this.connection = openConnection(target, {
      message: (message) => {
        if (this.#isDropped) return;
        if (this.#mayReplay) listener.skipped();
        else listener.message(message);
      },
      settled: (isAcked) => {
        if (this.#isDropped) return;
        // What the service kept for this connection came before the first acknowledgement.
        if (isAcked) this.#mayReplay = false;
        listener.settled(isAcked);
      },
      control: (value) => {
        if (!this.#isDropped) listener.control(value);
      },
      closed: lost,
    });
    const cancelTimeout = clock.after(OPEN_TIMEOUT_MS, lost);
    this.connection.start().then(() => {
      cancelTimeout();
      if (!this.#isDropped) listener.opened();
    }, lost);
  }

  /** Ends the connection. Idempotent. */
  drop(): void {
    this.#isDropped = true;
    this.connection.stop();
  }
}
