/**
 * Hears a call's control group while no lane of the call does. A call may begin without workers, or lose all of them,
 * and still get one later.
 *
 *     idle ──needed──▶ opening ──started──▶ open
 *                      │    ▲                 │
 *                failed│    │after a wait     │lost
 *                      └──▶ waiting ◀─────────┘
 *                              └──no attempt left──▶ given up
 *
 * In every state it goes back to idle when nobody needs it any more.
 */
import { BackOff } from '../../shared/base/back-off.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { OpenControlConnection } from '../lane/lane-connection.ts';

/** In a row, as those of a lane: almost five minutes. */
const OPEN_ATTEMPTS = 60;
const OPEN_FIRST_WAIT_MS = 200;
const OPEN_LONGEST_WAIT_MS = 5_000;

export interface ControlGroupListenerOptions {
  readonly callId: string;
  readonly open: OpenControlConnection;
  readonly clock: Pick<Clock, 'after'>;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly onControl: (value: unknown) => void;
}

type Connection = ReturnType<OpenControlConnection>;

export class ControlGroupListener {
  readonly #options: ControlGroupListenerOptions;
  #backOff: BackOff;
  #connection: Connection | undefined;
  #isNeeded = false;
  #cancelWait = (): void => {};

  constructor(options: ControlGroupListenerOptions) {
    this.#options = options;
    this.#backOff = newBackOff(options);
  }

  /** Whether the group has no other listener. */
  set isNeeded(isNeeded: boolean) {
    if (isNeeded === this.#isNeeded) return;
    this.#isNeeded = isNeeded;
    this.#cancelWait();
    if (isNeeded) {
      this.#backOff = newBackOff(this.#options);
      this.#open();
      return;
    }
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.stop();
  }

  #open(): void {
    const { callId, open, onControl } = this.#options;
    const isCurrent = (): boolean => this.#connection === connection;
    const connection = open(callId, {
      control: (value) => {
        if (isCurrent()) onControl(value);
      },
      closed: () => {
        if (isCurrent()) this.#lost();
      },
    });
    this.#connection = connection;
    connection.start().then(
      () => this.#backOff.succeeded(),
      () => {
        if (isCurrent()) this.#lost();
      },
    );
  }

  #lost(): void {
    this.#connection?.stop();
    this.#connection = undefined;
    const waitMs = this.#backOff.failed();
    if (waitMs !== undefined) this.#cancelWait = this.#options.clock.after(waitMs, () => this.#open());
  }
}

function newBackOff({ random }: ControlGroupListenerOptions): BackOff {
  return new BackOff({
    firstMs: OPEN_FIRST_WAIT_MS,
    longestMs: OPEN_LONGEST_WAIT_MS,
    attempts: OPEN_ATTEMPTS,
    random,
  });
}
