import { expect, it } from 'vitest';
import { ChunkAudio } from '../../../relay/listen/chunk-audio.ts';
import { AUDIO_FORMATS } from '../../../shared/audio/audio-format.ts';
import { NO_VOICE } from '../no-voice.ts';
import { frame } from './acs-messages.ts';

const { frameSamples } = AUDIO_FORMATS.pcm16KMono;

it('gives whole chunks again after the stream has stalled and goes on where it was', () => {
  const audio = new ChunkAudio({ format: 'pcm16KMono', chunkMs: 60, maxBacklogMs: 1_000 });
  const hear = (at: number): void => {
    audio.push({ ssrc: 0, pcm: frame(at), timestamp: at * frameSamples, voice: NO_VOICE });
  };
  hear(0);
  expect(audio.take(), 'too short to be sent').toBeUndefined();
  audio.advance(100 * frameSamples);
  expect(audio.take()?.ms, 'quiet for long enough').toBe(20);
  const lengths: (number | undefined)[] = [];
  for (let at = 1; at <= 6; at += 1) {
    hear(at);
    lengths.push(audio.take()?.ms);
  }
  expect(lengths).toEqual([undefined, undefined, 60, undefined, undefined, 60]);
});
