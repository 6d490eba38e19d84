/**
 * Hears a call's control group while no lane of the call does. A call may begin without workers, or lose all of them,
 * and still get one later.
 *
 *     idle ──needed──▶ opening ──started──▶ open
 *                      │    ▲                 │
 *                failed│    │after a wait     │lost
 *                      └──▶ waiting ◀─────────┘
 *
 * In every state it goes back to idle when nobody needs it any more. It does not give up before: nobody else could tell
 * that a worker joins the call.
 */
import type { Logger } from 'pino';
import { BackOff } from '../../shared/base/back-off.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { OpenControlConnection } from '../lane/lane-connection.ts';

const REOPEN = { firstMs: 200, longestMs: 5_000, attempts: Number.POSITIVE_INFINITY } as const;
/** Failures in a row at which the log says so: the first after half a second, the others every five minutes at most. */
const FIRST_TOLD = 3;
const TOLD_EVERY = 60;

export interface ControlGroupListenerOptions {
  readonly callId: string;
  readonly open: OpenControlConnection;
  readonly clock: Pick<Clock, 'after'>;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly onControl: (value: unknown) => void;
  readonly log: Logger;
}

type Connection = ReturnType<OpenControlConnection>;

export class ControlGroupListener {
  readonly #options: ControlGroupListenerOptions;
  #backOff: BackOff;
  #connection: Connection | undefined;
  #isNeeded = false;
  #failed = 0;
  #failedInARow = 0;
  #cancelWait = (): void => {};

  constructor(options: ControlGroupListenerOptions) {
    this.#options = options;
    this.#backOff = newBackOff(options);
  }

  /** Attempts that failed, and connections that were lost. */
  get failed(): number {
    return this.#failed;
  }

  /** Whether the group has no other listener. */
  set isNeeded(isNeeded: boolean) {
    if (isNeeded === this.#isNeeded) return;
    this.#isNeeded = isNeeded;
    this.#cancelWait();
    if (isNeeded) {
      this.#backOff = newBackOff(this.#options);
      this.#failedInARow = 0;
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
      () => this.#opened(),
      () => {
        if (isCurrent()) this.#lost();
      },
    );
  }

  #opened(): void {
    this.#backOff.succeeded();
    if (this.#failedInARow >= FIRST_TOLD)
      this.#options.log.info(
        { failedInARow: this.#failedInARow },
        'the call without workers can be reached again',
      );
    this.#failedInARow = 0;
  }

  #lost(): void {
    this.#connection?.stop();
    this.#connection = undefined;
    this.#failed += 1;
    this.#failedInARow += 1;
    const failedInARow = this.#failedInARow;
    if (failedInARow === FIRST_TOLD || failedInARow % TOLD_EVERY === 0)
      this.#options.log.warn(
        { failedInARow },
        'no worker can join the call: it has none, and no connection to Web PubSub; the relay tries again',
      );
    const waitMs = this.#backOff.failed();
    if (waitMs !== undefined) this.#cancelWait = this.#options.clock.after(waitMs, () => this.#open());
  }
}

function newBackOff({ random }: ControlGroupListenerOptions): BackOff {
  return new BackOff({ ...REOPEN, random });
}
