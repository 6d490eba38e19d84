import { describe, expect, it } from 'vitest';
import { type Account, accountsOf, addUp } from '../../../bench/soak/account.ts';

const STREAM = {
  framesSent: 500,
  framesDropped: 0,
  audioMessagesReceived: 100,
  samplesReceived: 160_000,
  samplesPlayed: 156_800,
  samplesFlushedByStop: 0,
  samplesOverflowed: 0,
  samplesTooLate: 0,
  stopAudioCount: 0,
  ignored: {},
  ownLatenessMs: { p99: 0, max: 0 },
  playoutQueueMs: 200,
  underruns: 0,
};
const ECHO = {
  name: 'echo',
  ackedMs: 9_900,
  lostMs: 100,
  droppedMs: 0,
  repliesPlayedMs: 9_800,
  repliesIgnoredMs: 100,
};
const RELAY = {
  framesIn: 500,
  audioMsIn: 10_000,
  audioMsOut: 10_000,
  audioMsFiller: 200,
  audioMsDropped: 0,
  audioMsCut: 0,
  ignored: {},
};

function accounts(
  relay: Partial<typeof RELAY> = {},
  echo: Partial<typeof ECHO> = {},
  stream: Partial<typeof STREAM> = {},
): Account[] {
  return accountsOf(
    { sampleRateHz: 16_000, streams: [{ ...STREAM, ...stream }] } as never,
    { ...RELAY, ...relay, workers: [{ ...ECHO, ...echo }] } as never,
    ['echo'],
  );
}

const leftOver = (all: readonly Account[]) =>
  Object.fromEntries(
    all.flatMap(({ way, unaccountedMs }) => (unaccountedMs === 0 ? [] : [[way, unaccountedMs]])),
  );

describe('the account of a call', () => {
  it('has nothing left over when every way out is counted', () => {
    expect(leftOver(accounts())).toEqual({});
  });

  it('shows where audio got lost without being counted', () => {
    expect(leftOver(accounts({}, { lostMs: 0 }))).toEqual({ 'relay to echo': 100 });
    expect(leftOver(accounts({ audioMsIn: 9_980 }, { ackedMs: 9_880, repliesIgnoredMs: 80 }))).toEqual({
      'caller to relay': 20,
    });
    expect(leftOver(accounts({}, { repliesIgnoredMs: 0 }))).toEqual({ 'echo to relay': 100 });
    expect(
      leftOver(accounts({ audioMsOut: 9_500 }, {}, { samplesReceived: 152_000, samplesPlayed: 150_400 })),
    ).toEqual({
      'relay to ACS': 500,
    });
    expect(leftOver(accounts({}, {}, { samplesPlayed: 80_000 })), 'more than may be queued').toEqual({
      ACS: 4_200,
    });
    expect(
      leftOver(accounts({}, {}, { samplesReceived: 150_400, samplesPlayed: 150_400 })),
      'never came',
    ).toEqual({
      ACS: 600,
    });
    expect(
      leftOver(accounts({}, {}, { samplesReceived: 150_400, samplesPlayed: 150_400, samplesTooLate: 9_600 })),
      'came after the end',
    ).toEqual({});
  });

  it('is added up by way and cause', () => {
    const [first] = addUp([...accounts(), ...accounts()]);
    expect(first).toEqual({
      way: 'caller to relay',
      inMs: 20_000,
      out: { heard: 20_000, 'ignored frames': 0 },
      unaccountedMs: 0,
    });
  });
});
