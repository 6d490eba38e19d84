import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Roster,
  type RosterInput,
  stepRoster,
} from '../../../../../local/emulators/acs/call/participants.ts';

const ana = { rawId: '8:acs:ana' };
const ben = { rawId: '8:acs:ben' };

function roster(...inputs: RosterInput[]): Roster {
  return inputs.reduce(stepRoster, []);
}

describe('the roster of a call', () => {
  it('names everybody in the order of joining', () => {
    const both = roster({ type: 'join', identifier: ben }, { type: 'join', identifier: ana });
    expect(both).toEqual([
      { identifier: ben, isMuted: false, isOnHold: false },
      { identifier: ana, isMuted: false, isOnHold: false },
    ]);
    expect(stepRoster(both, { type: 'leave', rawId: ben.rawId })).toMatchObject([{ identifier: ana }]);
  });

  it('remembers mute and hold of each alone, and forgets them when somebody leaves', () => {
    const held = roster(
      { type: 'join', identifier: ana },
      { type: 'join', identifier: ben },
      { type: 'mute', rawId: ana.rawId, muted: true },
      { type: 'hold', rawId: ben.rawId, onHold: true },
    );
    expect(held).toMatchObject([
      { isMuted: true, isOnHold: false },
      { isMuted: false, isOnHold: true },
    ]);
    const back = [
      { type: 'leave', rawId: ana.rawId },
      { type: 'join', identifier: ana },
    ] as const;
    expect(back.reduce<Roster>(stepRoster, held)[1]).toMatchObject({ identifier: ana, isMuted: false });
  });

  it('is the same roster when nothing changes, and another when something does', () => {
    const rawId = fc.constantFrom(ana.rawId, ben.rawId);
    const input = fc.oneof(
      rawId.map((id): RosterInput => ({ type: 'join', identifier: { rawId: id } })),
      rawId.map((id): RosterInput => ({ type: 'leave', rawId: id })),
      fc.tuple(rawId, fc.boolean()).map(([id, muted]): RosterInput => ({ type: 'mute', rawId: id, muted })),
      fc.tuple(rawId, fc.boolean()).map(([id, onHold]): RosterInput => ({ type: 'hold', rawId: id, onHold })),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        let present: Roster = [];
        for (const next of inputs) {
          const after = stepRoster(present, next);
          const same = JSON.stringify(after) === JSON.stringify(present);
          expect(after === present).toBe(same);
          expect(stepRoster(after, next), 'the same input twice changes nothing more').toBe(after);
          const names = after.map(({ identifier }) => identifier.rawId);
          expect(new Set(names).size).toBe(names.length);
          present = after;
        }
      }),
    );
  });
});
