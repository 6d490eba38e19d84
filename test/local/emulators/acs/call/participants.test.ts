import { describe, expect, it } from 'vitest';
import { Participants, type PhoneWrapper } from '../../../../../local/emulators/acs/call/participants.ts';
import { PhoneLine } from '../../../../../local/emulators/acs/telephones/phone-line.ts';
import type { Phone } from '../../../../../local/phone/phone.ts';

const SPEECH = Int16Array.of(1, 2, 3);

interface TalkingPhone extends Phone {
  readonly log: string[];
  readonly heard: Int16Array[];
}

function talkingPhone(rawId: string): TalkingPhone {
  const log: string[] = [];
  const heard: Int16Array[] = [];
  return {
    rawId,
    log,
    heard,
    mediaStarted: (rate) => log.push(`started ${rate}`),
    speak: () => SPEECH,
    hear: (samples) => heard.push(samples),
    mediaStopped: () => log.push('stopped'),
    ended: (reason) => log.push(`ended ${reason}`),
  };
}

const identifier = { rawId: '8:acs:ana' };

function joined(wrapper?: PhoneWrapper): {
  participants: Participants;
  phone: TalkingPhone;
  onLine: Phone;
  changes: () => number;
} {
  let changes = 0;
  const participants = new Participants(() => changes++, wrapper);
  const phone = talkingPhone(identifier.rawId);
  participants.join(identifier, phone);
  const [onLine] = participants.phones;
  if (onLine === undefined) throw new Error('nobody is on the line');
  return { participants, phone, onLine, changes: () => changes };
}

describe('the participants of a call', () => {
  it('keep one list of phones, which follows who comes and goes', () => {
    const { participants } = joined();
    const { phones } = participants;
    participants.join({ rawId: '4:+1999' });
    expect(phones).toHaveLength(1);
    participants.join({ rawId: '8:acs:ben' }, talkingPhone('8:acs:ben'));
    expect(phones.map(({ rawId }) => rawId)).toEqual(['8:acs:ana', '8:acs:ben']);
    expect(participants.join({ rawId: '8:acs:ben' }, talkingPhone('8:acs:ben'))).toBe(false);
    participants.leave('8:acs:ana', 'removed');
    expect(phones.map(({ rawId }) => rawId)).toEqual(['8:acs:ben']);
    expect(participants.onThePhone).toEqual(['8:acs:ben']);
    expect(participants.all.map(({ identifier: { rawId } }) => rawId)).toEqual(['4:+1999', '8:acs:ben']);
  });

  it('who are muted are not heard and hear on', () => {
    const { participants, phone, onLine } = joined();
    expect(onLine.speak()).toBe(SPEECH);
    expect(participants.mute(identifier.rawId, true)).toBe(true);
    expect(participants.mute(identifier.rawId, true)).toBe(false);
    expect(onLine.speak()).toBeUndefined();
    onLine.hear(SPEECH, 3);
    expect(phone.heard).toEqual([SPEECH]);
    participants.mute(identifier.rawId, false);
    expect(onLine.speak()).toBe(SPEECH);
  });

  it('who are on hold are not heard and hear silence', () => {
    const { participants, phone, onLine } = joined();
    participants.hold(identifier.rawId, true);
    expect(onLine.speak()).toBeUndefined();
    onLine.hear(SPEECH, 3);
    expect(phone.heard).toEqual([Int16Array.of(0, 0, 0)]);
  });

  it('are told of the end once, whoever says it', () => {
    const { participants, phone, onLine } = joined();
    onLine.mediaStarted(16_000);
    participants.leave(identifier.rawId, 'removed');
    participants.end('hungUp');
    onLine.mediaStopped();
    onLine.ended('again');
    expect(phone.log).toEqual(['started 16000', 'stopped', 'ended removed']);
    expect(participants.leave(identifier.rawId, 'removed')).toBe(false);
  });

  it('can be taken to another call, and the phone hears nothing more of the first', () => {
    const { participants, phone, onLine, changes } = joined();
    onLine.mediaStarted(16_000);
    const speaker = participants.take(identifier.rawId);
    expect(speaker).toMatchObject({ identifier, phone });
    expect(changes()).toBe(2);
    const other = new Participants(() => {});
    other.join(identifier, phone, speaker?.line);
    other.phones[0]?.mediaStarted(24_000);
    onLine.hear(SPEECH, 0);
    onLine.mediaStopped();
    expect(onLine.speak()).toBeUndefined();
    expect(phone.heard).toEqual([]);
    expect(phone.log).toEqual(['started 16000', 'stopped', 'started 24000']);
    expect(participants.take(identifier.rawId)).toBeUndefined();
  });

  it('can be taken silently, which leaves the roster as it was', () => {
    const { participants, changes } = joined();
    expect(participants.takeSilently(identifier.rawId)?.line).toBeInstanceOf(PhoneLine);
    expect(changes()).toBe(1);
    expect(participants.all).toHaveLength(1);
    expect(participants.phones).toEqual([]);
  });

  it('are heard through a wrapper, which is told when they go, and taken without it', () => {
    const removed: string[] = [];
    const wrapper: PhoneWrapper = {
      wrap: (phone) => ({ ...phone, speak: () => Int16Array.of(9) }),
      remove: (rawId) => removed.push(rawId),
    };
    const { participants, phone, onLine } = joined(wrapper);
    expect(onLine.speak()).toEqual(Int16Array.of(9));
    expect(participants.take(identifier.rawId)?.phone).toBe(phone);
    expect(removed).toEqual([identifier.rawId]);
  });
});
