import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hear } from '../../../bench/voice/hearing.ts';
import { frameLevelDb } from '../../../relay/audio/frame-level.ts';
import { VoiceActivity } from '../../../relay/listen/voice-activity.ts';
import { readWav } from '../../../shared/audio/wav.ts';
import { noise, speechLike, tone } from '../../support/signals.ts';

const FRAME = 320;

function judge(samples: Int16Array): boolean[] {
  return hear(samples).voices.map(({ isSpeech }) => isSpeech);
}

/** White noise of this power. */
function hiss(length: number, levelDb: number): Int16Array {
  const uniformDb = 10 * Math.log10(1 / 3);
  const scale = 10 ** ((levelDb - uniformDb) / 20);
  return noise(length, 7).map((sample) => Math.round(sample * scale));
}

function mix(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => Math.max(-32_768, Math.min(32_767, sample + (b[i] ?? 0))));
}

function share(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length / Math.max(1, flags.length);
}

/** A second of silence, the recording, a second of silence. */
async function recording(): Promise<Int16Array> {
  const { samples } = readWav(await readFile('samples/hello.wav'));
  const padded = new Int16Array(samples.length + 32_000);
  padded.set(samples, 16_000);
  return padded;
}

describe('the voice activity detector', () => {
  it('hears a caller who speaks at once, from the first frame', async () => {
    const samples = (await recording()).slice(16_000);
    const loud = Array.from({ length: 50 }, (_, i) => frameLevelDb(bytesOf(samples, i)) > -45);
    expect(judge(samples).indexOf(true)).toBeLessThanOrEqual(loud.indexOf(true));
  });

  it.each([-70, -60, -50])('tells recorded speech from line noise of %d dB', async (levelDb) => {
    const clean = await recording();
    const loud = Array.from(
      { length: clean.length / FRAME },
      (_, i) => frameLevelDb(bytesOf(clean, i)) > -35,
    );
    const judged = judge(mix(clean, hiss(clean.length, levelDb)));
    expect(share(judged.filter((_, i) => loud[i])), 'loud frames of speech that are found').toBeGreaterThan(
      0.95,
    );
    expect(share(judged.slice(-45)), 'frames of the silence at the end taken for speech').toBeLessThan(0.05);
    expect(share(judged.slice(30, 48)), 'frames of the noise at the beginning taken for speech').toBeLessThan(
      0.1,
    );
  });

  it.each([
    ['hiss', hiss(48_000, -30)],
    ['a tone', tone(48_000, 16_000, 440)],
  ])('takes %s that goes on for no speech after 600 ms', (_, samples) => {
    expect(judge(samples).slice(31)).not.toContain(true);
  });

  it('follows the noise down again', () => {
    const samples = new Int16Array(64_000);
    samples.set(hiss(48_000, -30));
    samples.set(hiss(8_000, -65), 48_000);
    samples.set(hiss(8_000, -40), 56_000);
    const judged = judge(samples);
    expect(judged[160], 'a quiet line').toBe(false);
    expect(judged[176], 'a sound of -40 dB, quieter than the noise was').toBe(true);
  });

  it('takes digital silence, and sounds too quiet for a voice, for no speech', () => {
    expect(judge(new Int16Array(16_000))).not.toContain(true);
    const whisper = new Int16Array(32_000);
    whisper.set(hiss(1_600, -56), 16_000);
    expect(judge(whisper)).not.toContain(true);
  });

  it('gives the same for the same frames, whatever their levels, and never calls the quietest frames speech', () => {
    const sounds = [noise(FRAME, 3), speechLike(FRAME, 16_000), new Int16Array(FRAME).fill(8_000)];
    const levels = fc.array(fc.tuple(fc.nat(2), fc.double({ min: -96, max: 0, noNaN: true })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(levels, (frames) => {
        const [one, other] = [new VoiceActivity('pcm16KMono'), new VoiceActivity('pcm16KMono')];
        for (const [sound, loudnessDb] of frames) {
          const samples = Int16Array.from(sounds[sound] ?? [], (sample) => sample * 10 ** (loudnessDb / 20));
          const voice = one.hear(bytesOf(samples, 0));
          expect(other.hear(bytesOf(samples, 0))).toEqual(voice);
          if (voice.levelDb <= -70) expect(voice.isSpeech).toBe(false);
          if (voice.isVoiced) expect(voice.isSpeech, 'a voiced frame is one of speech').toBe(true);
        }
      }),
    );
  });

  it('takes frames of any length, at an odd address too, as the samples that they are', () => {
    const samples = speechLike(16_000, 16_000);
    const bytes = new Uint8Array(samples.buffer);
    const moved = new Uint8Array(bytes.byteLength + 1);
    moved.set(bytes, 1);
    const [even, odd] = [new VoiceActivity('pcm16KMono'), new VoiceActivity('pcm16KMono')];
    for (const [from, to] of [
      [0, 640],
      [640, 740],
      [740, 740],
      [740, 20_000],
      [20_000, 20_640],
    ] as const) {
      expect(odd.hear(moved.subarray(from + 1, to + 1))).toEqual(even.hear(bytes.subarray(from, to)));
    }
  });
});

function bytesOf(samples: Int16Array, frame: number): Uint8Array {
  return new Uint8Array(samples.slice(frame * FRAME, (frame + 1) * FRAME).buffer);
}
