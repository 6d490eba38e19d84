import { expect, it } from 'vitest';
import { Interpolator } from '../../relay/audio/rate-converter.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard, isHeardToEnd } from '../support/heard.ts';
import { SHARED_NUMBERS, sharedSystem } from '../support/shared-system.ts';
import { speechLike } from '../support/signals.ts';

const test = sharedSystem();

it.concurrent.each([
  ['pcm16KMono', 16_000],
  ['pcm24KMono', 24_000],
] as const)(
  'a call in %s is heard back through PCMU with the noise of eight bits and no other',
  async (format, sampleRateHz) => {
    const factor = sampleRateHz / 8_000;
    // Nothing above 2.3 kHz, well within the band of telephony: what is heard differs by the coding alone.
    const narrow = new Interpolator(2).convert(speechLike(2 * 4_000, 4_000));
    const samples = new Interpolator(factor).convert(narrow);
    const evidence = await callUntilHeard(
      test,
      { from: '+14255550199', to: SHARED_NUMBERS.pcmu[format], speech: { samples, sampleRateHz } },
      isHeardToEnd(samples, sampleRateHz),
    );
    expect(evidence.relay?.workers).toMatchObject([{ name: 'echo', chunksFailed: 0, droppedMs: 0 }]);
    expect(Object.keys(evidence.relay?.ignored ?? {}), 'what came after the end, and nothing else').toEqual(
      Object.keys(evidence.relay?.ignored ?? {}).filter((reason) => reason === 'reply: call has ended'),
    );
    expectHeard(evidence, samples, 35);
  },
);
