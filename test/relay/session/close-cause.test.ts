import { describe, expect, it } from 'vitest';
import { type CloseCause, closeCodeOf, isContinued } from '../../../relay/session/close-cause.ts';

/**
 * By cause: the close code, and whether the call goes on in another stream where it cannot and where it can be moved.
 */
const FOLLOWS: Record<CloseCause, [code: number, stays: boolean, movable: boolean]> = {
  'stream ended': [1001, false, false],
  moved: [1001, false, true],
  replaced: [1000, true, true],
  'relay shutting down': [1001, false, true],
  'no sign of life': [1001, false, true],
  'no audio from ACS': [1001, false, true],
  'fault of the relay': [1011, false, true],
};

describe('The cause of the end of a stream', () => {
  it.each(Object.entries(FOLLOWS))(
    '"%s" decides on the close code and on what becomes of the workers',
    (name, follows) => {
      const cause = name as CloseCause;
      expect([closeCodeOf(cause), isContinued(cause, false), isContinued(cause, true)]).toEqual(follows);
    },
  );
});
