/** Why a media stream ends, and what that means for the socket and for the workers. */

/**
 * `no audio from ACS`: the stream brings no frames, although a mixed call always does. `moved`: this relay asked for a
 * restart, so that ACS opens the stream elsewhere. `fault of the relay`: the handler of a message threw.
 */
export type CloseCause =
  | 'stream ended'
  | 'moved'
  | 'replaced'
  | 'relay shutting down'
  | 'no sign of life'
  | 'no audio from ACS'
  | 'fault of the relay';

/** RFC 6455, section 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_INTERNAL_ERROR = 1011;

/** The WebSocket close code with which this side ends the stream. */
export function closeCodeOf(cause: CloseCause): number {
  switch (cause) {
    case 'replaced':
      return CLOSE_NORMAL;
    case 'fault of the relay':
      return CLOSE_INTERNAL_ERROR;
    case 'stream ended':
    case 'moved':
    case 'relay shutting down':
    case 'no sign of life':
    case 'no audio from ACS':
      return CLOSE_GOING_AWAY;
  }
}

/**
 * Whether another stream of the call is likely to follow, so that the workers keep their state. `isMovable`: the next
 * stream may come to another relay. After `replaced` it has already come to this one.
 */
export function isContinued(cause: CloseCause, isMovable: boolean): boolean {
  switch (cause) {
    case 'replaced':
      return true;
    case 'moved':
    case 'relay shutting down':
    case 'no sign of life':
    case 'no audio from ACS':
    case 'fault of the relay':
      return isMovable;
    case 'stream ended':
      return false;
  }
}
