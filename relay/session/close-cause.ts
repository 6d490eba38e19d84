/** Why a media stream ends, and what follows from that for the socket and for the workers. */

/** `moved`: this relay had the stream restarted, so that it is opened elsewhere. `fault of the relay`: handling one of its messages threw. */
export type CloseCause =
  | 'stream ended'
  | 'moved'
  | 'replaced'
  | 'relay shutting down'
  | 'no sign of life'
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
      return CLOSE_GOING_AWAY;
  }
}

/**
 * Whether another stream of the call is to be expected, so that the workers stay as they are. `isMovable`: it may come to another relay.
 * One that was replaced is continued by this relay itself.
 */
export function isContinued(cause: CloseCause, isMovable: boolean): boolean {
  switch (cause) {
    case 'replaced':
      return true;
    case 'moved':
    case 'relay shutting down':
    case 'no sign of life':
    case 'fault of the relay':
      return isMovable;
    case 'stream ended':
      return false;
  }
}
