import { afterEach, describe, expect, it } from 'vitest';
import { startAcs } from '../../../../local/emulators/acs/server/acs.ts';
import { Listening } from '../../../../local/phone/listening.ts';
import { newAcsResource, SIGNING_KEY } from '../../../support/acs-resource.ts';
import { tone } from '../../../support/signals.ts';
import { until } from '../../../support/until.ts';
import { OneApplication } from './two-applications-fixture.ts';

/** How much of a tone must be heard without a break. */
const TONE_MS = 400;
const SAID_MS = 1_000;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('two applications of one resource', () => {
  it('hold a conversation when one calls the number of the other', async () => {
    const ann = await OneApplication.start('+14255550101');
    const ben = await OneApplication.start('+14255550102');
    closers.push(
      () => ann.close(),
      () => ben.close(),
    );
    const acs = await startAcs(
      {
        ...newAcsResource(),
        numbers: [ann.number, ben.number],
        eventGrid: { subscriptions: [ann.subscription, ben.subscription] },
      },
      { signingKey: SIGNING_KEY },
    );
    closers.push(acs.close);
    ann.connect(acs);
    ben.connect(acs);

    await ann.call(ben.number);
    const called = await ben.answer();
    await Promise.all([ann, ben].map((each) => each.callback('MediaStreamingStarted')));
    await ann.say(tone((SAID_MS * 16_000) / 1_000, 16_000, 440));
    await ben.say(tone((SAID_MS * 24_000) / 1_000, 24_000, 880));
    await until(
      () => hasTone(ben.heard().samples, 24_000, 440),
      'the called one to hear the caller',
      60_000,
      200,
    );
    await until(
      () => hasTone(ann.heard().samples, 16_000, 880),
      'the caller to hear the called one',
      60_000,
      200,
    );
    expect([...ann.heard().speakers]).toEqual([`4:${ben.number}`]);
    expect([...ben.heard().speakers]).toEqual([`4:${ann.number}`]);
    expect(hasTone(ann.heard().samples, 16_000, 440), 'the caller hears no echo of itself').toBe(false);

    await called.hangUp(false);
    const ends = await Promise.all([ann, ben].map((each) => each.callback('CallDisconnected')));
    expect(ends.map(({ resultInformation }) => resultInformation)).toMatchObject([
      { code: 200, subCode: 560_000, message: 'Call ended successfully by remote PSTN participant.' },
      { code: 200, subCode: 7000, message: expect.stringContaining('Call Automation API') },
    ]);
  }, 180_000);
});

function hasTone(samples: Int16Array, sampleRateHz: number, hz: number): boolean {
  const listening = new Listening({ type: 'tone', hz, forMs: TONE_MS }, sampleRateHz);
  const frame = sampleRateHz / 50;
  for (let from = 0; from + frame <= samples.length; from += frame) {
    listening.add(samples.subarray(from, from + frame), frame);
    if (listening.found) return true;
  }
  return false;
}
