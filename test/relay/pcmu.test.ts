import { describe, expect, it } from 'vitest';
import { Decimator, Interpolator } from '../../relay/audio/rate-converter.ts';
import { ChunkAudio } from '../../relay/listen/chunk-audio.ts';
import { PcmuAudio } from '../../relay/listen/pcmu-audio.ts';
import { ReplyReader } from '../../relay/speak/reply-reader.ts';
import { AUDIO_FORMATS } from '../../shared/audio/audio-format.ts';
import { decodePcmu, encodePcmu } from '../../shared/audio/pcmu.ts';
import { formatRtp } from '../../shared/wire/lane/rtp.ts';
import { noise } from '../support/signals.ts';
import { NO_VOICE } from './no-voice.ts';

describe.each(['pcm16KMono', 'pcm24KMono'] as const)('PCMU on the lane of a call in %s', (format) => {
  const { frameSamples, sampleRateHz } = AUDIO_FORMATS[format];
  const factor = sampleRateHz / 8_000;

  function setUp() {
    const audio = new PcmuAudio(new ChunkAudio({ format, chunkMs: 100, maxBacklogMs: 1_000 }), format);
    let at = 0;
    return {
      audio,
      hear(samples: Int16Array, ssrc = 0) {
        for (let i = 0; i < samples.length; i += frameSamples) {
          const pcm = new Uint8Array(samples.slice(i, i + frameSamples).buffer);
          audio.push({ ssrc, pcm, timestamp: at, voice: NO_VOICE });
          at += frameSamples;
        }
      },
      skip: (frames: number) => {
        at += frames * frameSamples;
      },
    };
  }

  it('has a sample for every two or three, and time counted in these', () => {
    const { audio, hear } = setUp();
    const samples = noise(10 * frameSamples, 1);
    hear(samples.subarray(0, 5 * frameSamples));
    const first = audio.take();
    hear(samples.subarray(5 * frameSamples));
    const second = audio.take();
    expect([first?.timestamp, second?.timestamp]).toEqual([0, 800]);
    expect([first?.payloadType, first?.ms, first?.bytes.length]).toEqual([0, 100, 800]);
    const whole = encodePcmu(new Decimator(factor).convert(samples));
    expect([...(first?.bytes ?? []), ...(second?.bytes ?? [])], 'no seam between chunks').toEqual([...whole]);
  });

  it('begins anew after a gap', () => {
    const { audio, hear, skip } = setUp();
    const samples = noise(5 * frameSamples, 2);
    hear(samples);
    const first = audio.take();
    skip(5);
    hear(samples);
    const second = audio.take();
    expect(second).toMatchObject({ marker: true, timestamp: 1_600 });
    expect(second?.bytes).toEqual(first?.bytes);
  });

  it('counts what waits and what is dropped like the audio it is made of', () => {
    const { audio, hear } = setUp();
    hear(new Int16Array(60 * frameSamples));
    expect(audio.queuedBytes).toBe(50 * frameSamples * 2);
    expect(audio.droppedMs).toBe(200);
    audio.discard();
    expect(audio.takeRest()).toBeUndefined();
    expect(audio.droppedMs).toBe(1_200);
  });

  const packet = (payload: Uint8Array, change: object = {}): Uint8Array =>
    formatRtp({
      payloadType: 0,
      marker: false,
      sequenceNumber: 0,
      timestamp: 0,
      ssrc: 3,
      payload,
      ...change,
    });
  const read = (reader: ReplyReader, bytes: Uint8Array) =>
    reader.read({ from: 'reply', type: 'binary', bytes });

  it('comes back as audio in the format of the call, packets that follow one another without a seam', () => {
    const reader = new ReplyReader(format, 'pcmu');
    const codes = encodePcmu(noise(1_600, 3));
    const one = read(reader, packet(codes.subarray(0, 800), { marker: true }));
    const two = read(reader, packet(codes.subarray(800), { sequenceNumber: 1, timestamp: 800 }));
    if (one.kind !== 'audio' || two.kind !== 'audio') throw new Error('expected audio');
    expect(one.turn).toBe(3);
    const whole = new Interpolator(factor).convert(decodePcmu(codes));
    expect(Buffer.concat([one.pcm, two.pcm]).equals(Buffer.from(whole.buffer))).toBe(true);
  });

  it('is not needed for a reply, and not taken from a worker whose plan does not say so', () => {
    const pcm = new Uint8Array(640);
    const payloadType = format === 'pcm16KMono' ? 96 : 97;
    expect(read(new ReplyReader(format, 'pcmu'), packet(pcm, { payloadType }))).toMatchObject({
      kind: 'audio',
    });
    expect(read(new ReplyReader(format), packet(pcm))).toEqual({
      kind: 'ignored',
      reason: 'another payload type than the call has',
    });
  });
});
