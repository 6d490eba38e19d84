/** Who is heard and who is not: noises alone, and voices in noise. The tables of decision 13 as bounds. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { found, LEAD, levelsOf, onALine, type Phrase, percentile } from '../../../bench/voice/found.ts';
import { hear } from '../../../bench/voice/hearing.ts';
import { readWav } from '../../../shared/audio/wav.ts';
import { atLevel, mixed, NOISES } from '../../support/noises.ts';
import { speechLike } from '../../support/signals.ts';

const RATE = 16_000;
const FRAME = 320;
const SECONDS = 8;
const SPEECH_DB = -26;
const PITCHES_HZ = [90, 120, 150, 200, 240, 280] as const;

const names = Object.keys(NOISES) as (keyof typeof NOISES)[];

const phrases = makePhrases();

async function makePhrases(): Promise<readonly Phrase[]> {
  const { samples: hello } = readWav(await readFile('samples/hello.wav'));
  const synthetic = PITCHES_HZ.map((pitchHz, seed) => ({
    name: `a voice of ${pitchHz} Hz`,
    samples: speechLike(1.2 * RATE, RATE, { seed, pitchHz }),
  }));
  return [{ name: 'hello.wav', samples: hello }, ...synthetic];
}

describe('nobody speaks', () => {
  it.each(names)('%s, from -60 to -25 dB and from the first frame or later, is nobody who speaks', (name) => {
    const sound = NOISES[name](SECONDS * RATE, 11);
    for (const levelDb of [-60, -50, -47, -40, -35, -30, -25]) {
      const noise = atLevel(sound, levelDb);
      expect(hear(noise).events, `${levelDb} dB from the first frame`).toEqual([]);
      noise.fill(0, 0, RATE);
      expect(hear(noise).events, `${levelDb} dB from a second on`).toEqual([]);
    }
  });

  it.each([-60, -40, -25])(
    'an offset of %d dB, which begins a second after the call, is nobody who speaks',
    (levelDb) => {
      const samples = new Int16Array(4 * RATE).fill(32_768 * 10 ** (levelDb / 20), RATE);
      expect(hear(samples).events).toEqual([]);
    },
  );

  it.each(['white', 'pink', 'hum of 50 Hz'] as const)('%s is nobody who speaks at 24 kHz either', (name) => {
    for (const levelDb of [-50, -35, -25]) {
      expect(hear(atLevel(NOISES[name](SECONDS * RATE, 3), levelDb), 'pcm24KMono').events).toEqual([]);
    }
  });

  it('a noise that begins after somebody has spoken ends what was said no later than a voice lasts', async () => {
    const [phrase] = await phrases;
    const clean = onALine(phrase as Phrase, SPEECH_DB);
    const noise = atLevel(NOISES.white(clean.length, 4), -40);
    noise.fill(0, 0, clean.length - RATE);
    const [last] = hear(mixed(clean, noise)).speeches.slice(-1);
    expect((last?.to ?? 0) * FRAME).toBeLessThanOrEqual(clean.length - RATE + 0.3 * RATE);
  });
});

describe('somebody speaks', () => {
  it.each([-10, -20, -26, -32, -40])(
    'on a quiet line at %d dB: every phrase is found, and soon',
    async (levelDb) => {
      const all = (await phrases).map((phrase) => {
        const clean = onALine(phrase, levelDb);
        return found(clean, levelDb, hear(mixed(clean, atLevel(NOISES.white(clean.length, 9), -72))));
      });
      const starts = all.map(({ startedAfterMs = Number.POSITIVE_INFINITY }) => startedAfterMs);
      expect(percentile(starts, 0.5), 'half of the starts are told').toBeLessThanOrEqual(140);
      expect(Math.max(...starts), 'all starts are told').toBeLessThanOrEqual(300);
      for (const { share, tailLostMs } of all) {
        expect(share, 'strong frames').toBeGreaterThan(0.97);
        expect(tailLostMs).toBeLessThanOrEqual(200);
      }
    },
  );

  it('quietly, at -46 dB: every phrase is found, and its end is in the utterance', async () => {
    for (const phrase of await phrases) {
      const clean = onALine(phrase, -46);
      const { startedAfterMs, share, tailLostMs } = found(clean, -46, hear(clean));
      expect(startedAfterMs, phrase.name).toBeLessThanOrEqual(400);
      expect(share, phrase.name).toBeGreaterThan(0.85);
      expect(tailLostMs, `${phrase.name}: pre-roll and hangover carry over so much`).toBeLessThanOrEqual(200);
    }
  });

  describe.each(['white', 'pink', 'car', 'hum of 50 Hz'] as const)('in %s', (name) => {
    it.each([
      [30, 0.98, 140],
      [20, 0.98, 140],
      [15, 0.95, 160],
      [10, 0.85, 220],
    ])('at %d dB above it: every phrase is found, and nothing else', async (snrDb, share, halfMs) => {
      const all = (await phrases).map((phrase, seed) => {
        const clean = onALine(phrase, SPEECH_DB);
        const heard = hear(mixed(clean, atLevel(NOISES[name](clean.length, seed + 1), SPEECH_DB - snrDb)));
        const odd = heard.voices.filter(({ isSpeech, isVoiced }) => isVoiced && !isSpeech);
        expect(odd, 'voiced frames that are no speech').toEqual([]);
        for (const { toldAt, from } of heard.speeches) {
          expect(toldAt * FRAME, phrase.name).toBeGreaterThanOrEqual(LEAD);
          expect(from * FRAME, phrase.name).toBeLessThanOrEqual(clean.length - RATE + 5 * FRAME);
        }
        return found(clean, SPEECH_DB, heard);
      });
      const starts = all.map(({ startedAfterMs = Number.POSITIVE_INFINITY }) => startedAfterMs);
      expect(Math.max(...starts), 'every phrase is found').toBeLessThanOrEqual(600);
      expect(percentile(starts, 0.5), 'half of the starts are told').toBeLessThanOrEqual(halfMs);
      const mean = all.reduce((sum, each) => sum + each.share, 0) / all.length;
      expect(mean, 'strong frames').toBeGreaterThan(share);
    });
  });

  it('at 24 kHz, and is heard as at 16', async () => {
    const { samples, sampleRateHz } = readWav(await readFile('samples/question.wav'));
    expect(sampleRateHz).toBe(24_000);
    const line = new Int16Array(24_000 + samples.length + 24_000);
    line.set(samples, 24_000);
    const loud = levelsOf(line, 'pcm24KMono').map((level) => level > -38);
    const { speeches } = hear(line, 'pcm24KMono');
    expect((speeches[0]?.toldAt ?? 999) - loud.indexOf(true)).toBeLessThanOrEqual(12);
    const lost = loud.filter((isLoud, i) => isLoud && !speeches.some(({ from, to }) => i >= from && i < to));
    expect(lost).toEqual([]);
  });

  it('gives the same verdicts in every version of Node', async () => {
    const hash = createHash('sha256');
    for (const [seed, phrase] of (await phrases).entries()) {
      const clean = onALine(phrase, SPEECH_DB);
      const noisy = mixed(clean, atLevel(NOISES.white(clean.length, seed + 1), -38));
      for (const { isSpeech, isVoiced } of hear(noisy).voices) hash.update(`${isSpeech} ${isVoiced}\n`);
    }
    expect(hash.digest('hex')).toBe('5e4c6e9f15c119cfe778fbfca1e375a79aae885c8ef6f5e6734ef20fc1658e1b');
  });
});
