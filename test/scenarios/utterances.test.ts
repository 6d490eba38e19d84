import { describe, expect, it } from 'vitest';
import { AUDIO_FORMATS } from '../../shared/audio/audio-format.ts';
import { callUntilHeard } from '../support/call-until-heard.ts';
import { expectHeard } from '../support/heard.ts';
import { SHARED_NUMBERS, sharedSystem } from '../support/shared-system.ts';
import { speechLike } from '../support/signals.ts';

const test = sharedSystem();

describe.concurrent.each(['pcm16KMono', 'pcm24KMono'] as const)('a call to the parrot in %s', (format) => {
  it('has each of two sentences said back once it is finished, bit-exact', async () => {
    const { sampleRateHz } = AUDIO_FORMATS[format];
    const seconds = (count: number): number => count * sampleRateHz;
    const material = speechLike(seconds(4), sampleRateHz);
    const first = material.slice(0, seconds(1));
    const second = material.slice(seconds(2), seconds(3.2));
    const samples = Int16Array.from([...first, ...new Int16Array(seconds(3)), ...second]);
    const said = first.filter(isSound).length + second.filter(isSound).length;
    const evidence = await callUntilHeard(
      test,
      { from: '+14255550199', to: SHARED_NUMBERS.sentences[format], speech: { samples, sampleRateHz } },
      (heard) => heard.filter(isSound).length >= said,
    );

    expect(evidence.relay?.workers, 'what the relay sent').toMatchObject([
      { name: 'parrot', chunksSent: 2, chunksAcked: 2, chunksFailed: 0, droppedMs: 0, repliesPlayed: 2 },
    ]);
    const heard = evidence.heard.samples;
    const one = expectHeard(evidence, first);
    const two = expectHeard(evidence, second);
    expect(two.startMs, 'the second sentence is heard after the first').toBeGreaterThanOrEqual(
      one.startMs + 1_000,
    );

    const audible = heard.filter(isSound).length;
    expect(audible, 'samples heard that are not silence: both sentences, once').toBe(said);
  });
});

function isSound(sample: number): boolean {
  return sample !== 0;
}
