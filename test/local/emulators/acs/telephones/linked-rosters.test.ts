import { describe, expect, it } from 'vitest';
import { Participants } from '../../../../../local/emulators/acs/call/participants.ts';
import { linkRosters } from '../../../../../local/emulators/acs/telephones/linked-rosters.ts';
import { type PhoneHost, PhoneLine } from '../../../../../local/emulators/acs/telephones/phone-line.ts';

/** One application's side of a call, with these people on it. */
function side(...rawIds: string[]) {
  const told: string[] = [];
  const people = new Participants(() => told.push(shown()));
  const shown = (): string =>
    people.all
      .map(
        ({ identifier, isMuted, isOnHold }) =>
          `${identifier.rawId}${isMuted ? '!' : ''}${isOnHold ? '*' : ''}`,
      )
      .join(' ');
  for (const rawId of rawIds) people.join({ rawId });
  told.length = 0;
  const host = { roster: people } as unknown as PhoneHost;
  /** A line that is connected to this side. */
  const line = (): PhoneLine => Object.assign(new PhoneLine('any'), { host });
  return { people, told, shown, line };
}

describe('linked rosters', () => {
  it('show whom either side adds and who leaves, each change once', () => {
    const one = side('ana', 'ben');
    const other = side('ana', 'ben');
    linkRosters(one.line(), other.line());
    expect([one.told, other.told], 'nothing new').toEqual([[], []]);
    one.people.join({ rawId: 'carl' });
    other.people.join({ rawId: 'dora' });
    expect([one.shown(), other.shown()]).toEqual(['ana ben carl dora', 'ana ben carl dora']);
    one.people.leave('carl', 'hungUp');
    expect([one.told, other.told]).toEqual([
      ['ana ben carl', 'ana ben carl dora', 'ana ben dora'],
      ['ana ben carl', 'ana ben carl dora', 'ana ben dora'],
    ]);
  });

  it('show who is muted and on hold on either side', () => {
    const one = side('ana', 'ben', 'carl');
    const other = side('ana', 'ben');
    linkRosters(one.line(), other.line());
    one.people.hold('ben', true);
    other.people.mute('ana', true);
    one.people.mute('carl', true);
    expect([one.shown(), other.shown()]).toEqual(['ana! ben* carl!', 'ana! ben* carl!']);
    one.people.hold('ben', false);
    expect(other.shown()).toBe('ana! ben carl!');
  });

  it('reach through an application that is linked twice', () => {
    const [one, middle, third] = [side('ana', 'ben'), side('ana', 'ben', 'carl'), side('ben', 'carl')];
    linkRosters(one.line(), middle.line());
    linkRosters(middle.line(), third.line());
    expect([one.shown(), third.shown()]).toEqual(['ana ben carl', 'ben carl ana']);
    third.people.join({ rawId: 'dora' });
    expect(one.shown()).toBe('ana ben carl dora');
    third.people.leave('dora', 'hungUp');
    expect(one.shown()).toBe('ana ben carl');
  });

  it('begin once both lines are connected, and end with the link or where a line goes', () => {
    const one = side('ana', 'ben', 'carl');
    const other = side('ana', 'ben');
    const line = new PhoneLine('ben');
    const unlink = linkRosters(line, other.line());
    expect(other.shown()).toBe('ana ben');
    line.host = { roster: one.people } as unknown as PhoneHost;
    expect(other.shown()).toBe('ana ben carl');
    line.host = {} as PhoneHost;
    expect(other.shown(), 'a room').toBe('ana ben');
    line.host = { roster: one.people } as unknown as PhoneHost;
    unlink();
    one.people.join({ rawId: 'dora' });
    expect([one.shown(), other.shown()]).toEqual(['ana ben carl dora', 'ana ben']);
  });
});
