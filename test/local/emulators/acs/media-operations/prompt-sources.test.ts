import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPromptLoader } from '../../../../../local/emulators/acs/media-operations/prompt-loader.ts';
import { isSsml, ssmlLocale, ssmlWords } from '../../../../../local/emulators/acs/media-operations/ssml.ts';
import { createTextToSpeech } from '../../../../../local/emulators/acs/media-operations/text-to-speech.ts';
import { readMonoWav, readPlayableWav } from '../../../../../local/emulators/acs/media-operations/wav-16k.ts';
import { writeWav } from '../../../../../shared/audio/wav.ts';
import { noise } from '../../../../support/signals.ts';

const NEVER = new AbortController().signal;

describe('a file that can be played', () => {
  it('comes through to the sample', () => {
    const samples = noise(999, 5);
    expect(readPlayableWav(writeWav(samples, 16_000))).toEqual(samples);
    expect(readMonoWav(writeWav(samples, 8_000))).toEqual({ samples, sampleRateHz: 8_000 });
  });

  it('may name more bytes than it has, as one that was written to a pipe does', () => {
    const file = Buffer.from(writeWav(noise(100, 5), 16_000));
    file.writeUInt32LE(0x7fff_f000, file.indexOf('data') + 4);
    expect(readPlayableWav(file)).toEqual(noise(100, 5));
  });

  it.each([
    ['of another rate', (file: Buffer) => file.writeUInt32LE(44_100, 24)],
    ['in stereo', (file: Buffer) => file.writeUInt16LE(2, 22)],
    ['of 8 bits', (file: Buffer) => file.writeUInt16LE(8, 34)],
    ['that is compressed', (file: Buffer) => file.writeUInt16LE(7, 20)],
  ])('is none %s', (_, change) => {
    const file = Buffer.from(writeWav(noise(100, 5), 16_000));
    change(file);
    expect(readPlayableWav(file)).toBeUndefined();
  });

  it('is never anything else, whatever its bytes', () => {
    const good = Buffer.from(writeWav(noise(20, 5), 16_000));
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 60 }), (at, bytes) => {
        const file = Buffer.concat([good.subarray(0, at), bytes]);
        const samples = readPlayableWav(file);
        expect((samples?.byteLength ?? 0) <= file.length).toBe(true);
      }),
    );
  });
});

describe('SSML', () => {
  it('is told from words, and gives its words and language', () => {
    const ssml =
      '<?xml version="1.0"?><speak version="1.0" xml:lang="de-DE">Bed &amp; <break/> Breakfast</speak>';
    expect(isSsml(ssml)).toBe(true);
    expect(isSsml('hello')).toBe(false);
    expect(isSsml('<speak>half')).toBe(false);
    expect(ssmlWords(ssml)).toBe('Bed & Breakfast');
    expect(ssmlLocale(ssml)).toBe('de-DE');
  });
});

describe('text to speech', () => {
  it('becomes a murmur with one warning where the program is not installed', async () => {
    const warnings: string[] = [];
    const speak = createTextToSpeech({
      program: '/nowhere/espeak-ng',
      warn: (sentence) => warnings.push(sentence),
    });
    const both = await Promise.all(['one', 'two'].map((text) => speak({ text, ssml: false }, NEVER)));
    expect(both.map((audio) => audio?.sampleRateHz)).toEqual([16_000, 16_000]);
    expect(both[0]?.samples).not.toEqual(both[1]?.samples);
    await speak({ text: '<speak>three</speak>', ssml: true }, NEVER);
    expect(warnings).toEqual([expect.stringContaining('/nowhere/espeak-ng is not installed')]);
  });

  it('gives nothing where the program fails, and is tried again', async () => {
    const speak = createTextToSpeech({ program: 'false' });
    expect(await speak({ text: 'one', ssml: false }, NEVER)).toBeUndefined();
    expect(await speak({ text: 'two', ssml: false }, NEVER)).toBeUndefined();
  });
});

describe('the sources of a prompt', () => {
  it('follow one another, and the first that cannot be played is named', async () => {
    const speak = async (): Promise<{ samples: Int16Array; sampleRateHz: number }> => ({
      samples: new Int16Array(100).fill(3),
      sampleRateHz: 16_000,
    });
    const load = createPromptLoader('loopback', speak);
    const text = { kind: 'text', text: 'hello', locale: undefined, voiceKind: undefined } as const;
    expect(await load([text, text], NEVER)).toEqual({
      type: 'loaded',
      samples: new Int16Array(200).fill(3),
      sampleRateHz: 16_000,
    });
    for (const [source, subCode] of [
      [{ kind: 'ssml', ssml: 'hello' }, 8565],
      [{ kind: 'ssml', ssml: '<speak> </speak>' }, 8582],
      [{ ...text, text: 'x'.repeat(4_001) }, 8565],
      [{ kind: 'file', uri: 'http://example.com/a.wav' }, 8536],
    ] as const) {
      expect(await load([text, source], NEVER)).toMatchObject({
        type: 'failed',
        index: 1,
        result: { subCode },
      });
    }
  });

  it('fail where speech cannot be made', async () => {
    const load = createPromptLoader('loopback', () => Promise.reject(new Error('broken')));
    const text = { kind: 'text', text: 'hello', locale: undefined, voiceKind: undefined } as const;
    expect(await load([text], NEVER)).toMatchObject({ type: 'failed', index: 0, result: { subCode: 8565 } });
  });
});
