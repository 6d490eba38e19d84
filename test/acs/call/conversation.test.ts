import { describe, expect, it } from 'vitest';
import { Conversation, type Speaker } from '../../../local/acs/call/conversation.ts';
import { PhoneLine } from '../../../local/acs/call/phone-line.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type FakePhone, fakePhone } from '../fake-callees.ts';

function talk(...rawIds: string[]): {
  conversation: Conversation;
  phones: FakePhone[];
  lines: PhoneLine[];
  clock: ManualClock;
  ended: () => number;
} {
  const clock = new ManualClock();
  const phones = rawIds.map((rawId) => fakePhone(rawId));
  const lines = rawIds.map((rawId) => new PhoneLine(rawId));
  let ended = 0;
  const speakers = rawIds.map((rawId, index): Speaker => {
    const [phone, line] = [phones[index], lines[index]];
    if (phone === undefined || line === undefined) throw new Error('unreachable');
    return { identifier: { rawId }, phone, line };
  });
  const conversation = new Conversation(speakers, clock, () => ended++);
  return { conversation, phones, lines, clock, ended: () => ended };
}

describe('a conversation without the application', () => {
  it('goes on while two are left', () => {
    const { phones, lines, ended } = talk('a', 'b', 'c');
    lines[0]?.hangUp();
    lines[0]?.hangUp();
    expect(phones.map(({ ends }) => ends)).toEqual([['hungUp'], [], []]);
    expect(ended()).toBe(0);
    lines[1]?.hangUp();
    expect(phones.map(({ ends }) => ends)).toEqual([['hungUp'], ['hungUp'], ['hungUp']]);
    expect(ended()).toBe(1);
  });

  it('is over after half an hour', () => {
    const { phones, clock, ended } = talk('a', 'b');
    clock.advance(30 * 60_000 - 1);
    expect(ended()).toBe(0);
    clock.advance(1);
    expect(ended()).toBe(1);
    expect(phones.map(({ ends }) => ends)).toEqual([['hungUp'], ['hungUp']]);
  });

  it('hands everybody over without ending anything', () => {
    const { conversation, phones, clock } = talk('a', 'b');
    expect(conversation.take().map(({ identifier }) => identifier.rawId)).toEqual(['a', 'b']);
    conversation.close();
    expect(phones.map(({ ends }) => ends)).toEqual([[], []]);
    expect(clock.pending()).toEqual([]);
  });
});
