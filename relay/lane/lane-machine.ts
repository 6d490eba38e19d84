/**
 * The life of a lane as a pure state machine. `Lane` feeds it what happens and carries out the effects.
 *
 *     opening ──opened──▶ open ──end──▶ draining ──emptied, or time is up──▶ closed
 *        │  ▲               │ lost          │ lost
 *    lost│  └──waited────┐  ▼               └────────────────────────────▶ closed
 *        ├────────────▶ waiting
 *        └──no attempt left──▶ failed      `end` in opening and waiting: draining once it is open, within the same time
 *
 *     open ──release──▶ released ──lost, since the next stream takes the connection over──▶ closed
 *                          └──time is up, since no stream did──▶ draining
 *
 * In open, a `call.started` that does not reach the worker holds the lane up until the next attempt.
 */

/** How long the rest of the audio and `call.ended` may take after the stream's end. */
const END_LIMIT_MS = 3_000;
/** How long a released lane waits for the next stream of the call to take its connection over. */
export const RELEASE_LIMIT_MS = 3_000;
/** Attempts to deliver `call.started` before the audio goes on without it. */
const START_EVENT_ATTEMPTS = 3;
const START_EVENT_WAIT_MS = 1_000;

export type LaneState = 'opening' | 'waiting' | 'open' | 'released' | 'draining' | 'closed' | 'failed';

export interface LaneLife {
  readonly state: LaneState;
  /** The stream is over: the lane takes no more audio and no more events. */
  readonly isEnding: boolean;
  /** How often in a row `call.started` did not reach the worker. */
  readonly startFailures: number;
  /** `call.started` waits for its next attempt, and everything else waits behind it. */
  readonly isHeldUp: boolean;
}

export type LaneInput =
  | { readonly type: 'opened' }
  /** The connection is gone or could not be opened. `reopenAfterMs`: undefined after the last attempt. */
  | { readonly type: 'lost'; readonly reopenAfterMs: number | undefined }
  /** The time of the last `wait` has passed. */
  | { readonly type: 'waited' }
  | { readonly type: 'startFailed' }
  /** `call.started` is due again on this connection. */
  | { readonly type: 'startAgain' }
  | { readonly type: 'end' }
  /** `isPossible`: another stream can take the connection over. */
  | { readonly type: 'release'; readonly isPossible: boolean }
  /** The time of the last `limit` has passed. */
  | { readonly type: 'timeUp' }
  /** Everything is sent and settled. */
  | { readonly type: 'emptied' };

export type LaneEffect =
  | { readonly type: 'open' }
  | { readonly type: 'sendStart' }
  /** Send what waits, however short it is. */
  | { readonly type: 'sendRest' }
  /** Send what waits, and `call.ended` after it. */
  | { readonly type: 'sendEnd' }
  | { readonly type: 'releaseConnection' }
  /** Report `waited` after `ms`, instead of any earlier wait. */
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'cancelWait' }
  /** Report `timeUp` after `ms`, instead of any earlier limit. */
  | { readonly type: 'limit'; readonly ms: number }
  /** Say that the audio goes on without `call.started`. */
  | { readonly type: 'startGivenUp' }
  /** Free everything: the lane does nothing more. */
  | { readonly type: 'finish' };

interface LaneStep {
  readonly life: LaneLife;
  readonly effects: readonly LaneEffect[];
}

export const NEW_LANE: LaneLife = { state: 'opening', isEnding: false, startFailures: 0, isHeldUp: false };

export function isOver({ state }: LaneLife): boolean {
  return state === 'closed' || state === 'failed';
}

/** Whether messages can go out. */
export function canSend({ state, isHeldUp }: LaneLife): boolean {
  return (state === 'open' || state === 'released' || state === 'draining') && !isHeldUp;
}

export function stepLane(life: LaneLife, input: LaneInput): LaneStep {
  if (isOver(life)) return { life, effects: [] };
  switch (input.type) {
    case 'opened':
      if (life.state !== 'opening') return { life, effects: [] };
      return {
        life: { ...life, state: life.isEnding ? 'draining' : 'open', startFailures: 0 },
        effects: [],
      };
    case 'lost':
      return lose({ ...life, isHeldUp: false }, input.reopenAfterMs);
    case 'waited':
      if (life.state !== 'waiting') return { life: { ...life, isHeldUp: false }, effects: [] };
      return { life: { ...life, state: 'opening' }, effects: [{ type: 'open' }] };
    case 'startFailed':
      return failToStart({ ...life, startFailures: life.startFailures + 1 });
    case 'startAgain':
      return { life: { ...life, startFailures: 0 }, effects: [] };
    case 'end':
      return life.isEnding ? { life, effects: [] } : drain({ ...life, isEnding: true });
    case 'release':
      return life.isEnding ? { life, effects: [] } : release({ ...life, isEnding: true }, input.isPossible);
    case 'timeUp':
      return life.state === 'released' ? drain(life) : finish(life, 'closed');
    case 'emptied':
      return life.state === 'draining' ? finish(life, 'closed') : { life, effects: [] };
  }
}

function lose(life: LaneLife, reopenAfterMs: number | undefined): LaneStep {
  if (life.state === 'draining' || life.state === 'released') return finish(life, 'closed');
  if (reopenAfterMs === undefined) return finish(life, 'failed');
  return { life: { ...life, state: 'waiting' }, effects: [{ type: 'wait', ms: reopenAfterMs }] };
}

function failToStart(life: LaneLife): LaneStep {
  if (life.startFailures >= START_EVENT_ATTEMPTS) return { life, effects: [{ type: 'startGivenUp' }] };
  return {
    life: { ...life, isHeldUp: true },
    effects: [{ type: 'sendStart' }, { type: 'wait', ms: START_EVENT_WAIT_MS }],
  };
}

function release(life: LaneLife, isPossible: boolean): LaneStep {
  if (life.state !== 'open' || !isPossible) return drain(life);
  return {
    life: { ...life, state: 'released', isHeldUp: false },
    effects: [
      { type: 'sendRest' },
      { type: 'releaseConnection' },
      { type: 'cancelWait' },
      { type: 'limit', ms: RELEASE_LIMIT_MS },
    ],
  };
}

function drain(life: LaneLife): LaneStep {
  const isConnected = life.state === 'open' || life.state === 'released';
  return {
    life: isConnected ? { ...life, state: 'draining' } : life,
    effects: [{ type: 'sendEnd' }, { type: 'limit', ms: END_LIMIT_MS }],
  };
}

function finish(life: LaneLife, state: 'closed' | 'failed'): LaneStep {
  return { life: { ...life, state }, effects: [{ type: 'finish' }] };
}
