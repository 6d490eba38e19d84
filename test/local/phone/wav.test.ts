import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { rms } from '../../../local/phone/level.ts';
import { convert, readWav, WavError, writeWav } from '../../../local/phone/wav.ts';
import { noise, tone } from '../../support/signals.ts';

/** A WAV file by the library, from samples in the units of the encoding. */
function file(channels: number, rate: number, depth: string, samples: ArrayLike<number>[]): Uint8Array {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(channels, rate, depth, channels === 1 ? (samples[0] ?? []) : samples);
  return wav.toBuffer();
}

/** A WAV file by hand, for what the library does not write. */
function raw(
  fmt: { tag: number; channels?: number; rate?: number; bits?: number },
  data: Uint8Array,
): Uint8Array {
  const { tag, channels = 1, rate = 16_000, bits = 16 } = fmt;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(tag, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE((rate * channels * bits) / 8, 28);
  header.writeUInt16LE((channels * bits) / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

describe('reading a WAV file', () => {
  it('lets 16-bit mono through bit-exact', () => {
    fc.assert(
      fc.property(
        fc.int16Array({ minLength: 1, maxLength: 2_000 }),
        fc.constantFrom(8_000, 16_000, 24_000, 44_100),
        (samples, rate) => {
          expect(readWav(writeWav(samples, rate))).toEqual({ samples: samples.slice(), sampleRateHz: rate });
        },
      ),
    );
  });

  it.each([
    ['8', [0, 128, 255], [-32_768, 0, 32_512]],
    ['16', [-32_768, 0, 32_767], [-32_768, 0, 32_767]],
    ['24', [-8_388_608, 256, 383, 385, 8_388_607], [-32_768, 1, 1, 2, 32_767]],
    ['32', [-2_147_483_648, 65_536, 2_147_483_647], [-32_768, 1, 32_767]],
    ['32f', [-1, 0.5, 1, 1.5, -7], [-32_768, 16_384, 32_767, 32_767, -32_768]],
    ['64', [-1, 0.5, 1, 1.5, -7], [-32_768, 16_384, 32_767, 32_767, -32_768]],
  ])('scales %s-bit samples to 16 bits', (depth, samples, expected) => {
    expect([...readWav(file(1, 16_000, depth, [samples])).samples]).toEqual(expected);
  });

  it.each(['16', '24', '32', '32f'])('reads %s-bit samples in big-endian files', (depth) => {
    const scale = { '16': 1, '24': 256, '32': 65_536, '32f': 1 / 32_768 }[depth] ?? 0;
    const wav = new wavefile.WaveFile();
    wav.fromScratch(1, 8_000, depth, [1_000 * scale, -2_000 * scale], { container: 'RIFX' });
    expect([...readWav(wav.toBuffer()).samples]).toEqual([1_000, -2_000]);
  });

  it('turns what is not a number into silence', () => {
    const data = new Uint8Array(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0.25).buffer);
    expect([...readWav(raw({ tag: 3, bits: 32 }, data)).samples]).toEqual([0, 32_767, 8_192]);
  });

  it.each(['16', '24', '32f'])('averages the channels of %s-bit audio', (depth) => {
    const scale = { '16': 1, '24': 256, '32f': 1 / 32_768 }[depth] ?? 0;
    const channels = [
      [100, -32_000, 30_000],
      [300, -32_000, -30_000],
      [-100, -32_000, 9_000],
    ];
    const stereo = file(
      3,
      48_000,
      depth,
      channels.map((channel) => channel.map((sample) => sample * scale)),
    );
    expect(readWav(stereo)).toEqual({ samples: Int16Array.of(100, -32_000, 3_000), sampleRateHz: 48_000 });
  });

  it.each([
    ['A-law', '8a'],
    ['mu-law', '8m'],
  ])('decodes %s of a telephone', (_, depth) => {
    const said = tone(800, 8_000, 440);
    const wav = new wavefile.WaveFile();
    wav.fromScratch(1, 8_000, '16', said);
    if (depth === '8a') wav.toALaw();
    else wav.toMuLaw();
    const { samples, sampleRateHz } = readWav(wav.toBuffer());
    expect(sampleRateHz).toBe(8_000);
    expect(samples).toHaveLength(800);
    samples.forEach((sample, i) => {
      expect(Math.abs(sample - (said[i] ?? 0)), 'companding keeps about 5 bits').toBeLessThanOrEqual(600);
    });
  });

  it('reads the extensible format, and floats in it', () => {
    const plain = Buffer.from(file(1, 16_000, '32f', [[0.5, -0.5]]));
    const data = plain.subarray(plain.indexOf('data') + 8);
    const extension = Buffer.alloc(24);
    extension.writeUInt16LE(22, 0);
    extension.writeUInt16LE(32, 2);
    extension.writeUInt32LE(4, 4);
    Buffer.from('0300000000001000800000aa00389b71', 'hex').copy(extension, 8);
    const basic = Buffer.from(raw({ tag: 0xfffe, bits: 32 }, data));
    basic.writeUInt32LE(40, 16);
    const extensible = Buffer.concat([basic.subarray(0, 36), extension, basic.subarray(36)]);
    expect([...readWav(extensible).samples]).toEqual([16_384, -16_384]);
  });

  it('takes what is there of a file that was cut off or written to a pipe', () => {
    const whole = Buffer.from(writeWav(Int16Array.of(1, 2, 3), 16_000));
    expect([...readWav(whole.subarray(0, -1)).samples]).toEqual([1, 2]);
    whole.writeUInt32LE(0xffff_ffff, 40);
    expect([...readWav(whole).samples]).toEqual([1, 2, 3]);
  });

  it.each([
    ['an empty file', new Uint8Array(), 'The file is empty.'],
    ['text', Buffer.from('This is not audio at all.'), /^The file is not a WAV file: [^.]+\.$/],
    [
      'a picture in a RIFF file',
      Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
      /^The file is not a WAV file: [^.]+\.$/,
    ],
    [
      'a header alone',
      writeWav(Int16Array.of(1), 16_000).subarray(0, 36),
      /^The file is not a WAV file: [^.]+\.$/,
    ],
    ['no samples', writeWav(new Int16Array(), 16_000), 'The WAV file has no samples.'],
    ['less than one sample', raw({ tag: 1 }, Buffer.alloc(1)), 'The WAV file has no samples.'],
    [
      'no channels',
      raw({ tag: 1, channels: 0 }, Buffer.alloc(8)),
      'The WAV file says that it has 0 channels.',
    ],
    [
      'an impossible rate',
      raw({ tag: 1, rate: 0 }, Buffer.alloc(8)),
      'The WAV file says that its sample rate is 0 Hz; from 1000 to 192000 Hz are supported.',
    ],
    [
      'MP3 in a WAV file',
      raw({ tag: 0x55, bits: 0 }, Buffer.alloc(8)),
      'The WAV file has an encoding that is not supported (format tag 85 with 0 bits a sample); save it as PCM, for example 16 bits.',
    ],
    [
      '12-bit samples',
      raw({ tag: 1, bits: 12 }, Buffer.alloc(8)),
      'The WAV file has an encoding that is not supported (format tag 1 with 12 bits a sample); save it as PCM, for example 16 bits.',
    ],
  ])('refuses %s in one sentence', (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(WavError);
    expect(() => readWav(bytes)).toThrow(message);
  });
});

describe('converting audio', () => {
  it('leaves audio alone that has the rate already', () => {
    const samples = noise(1_000, 1);
    expect(convert({ samples, sampleRateHz: 16_000 }, 16_000).samples).toBe(samples);
  });

  it('turns a stereo recording of a studio into telephone audio in less time than it lasts', () => {
    const seconds = 10;
    const sine = Float32Array.from(tone(44_100 * seconds, 44_100, 440), (sample) => sample / 32_768);
    const interleaved = new Float32Array(sine.length * 2).map((_, i) => sine[i >> 1] ?? 0);
    const bytes = raw({ tag: 3, channels: 2, rate: 44_100, bits: 32 }, new Uint8Array(interleaved.buffer));
    const before = process.cpuUsage();
    const { samples, sampleRateHz } = convert(readWav(bytes), 16_000);
    // What the processor takes, whatever else it is busy with.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000, 'milliseconds of work').toBeLessThan(seconds * 1_000);
    expect(sampleRateHz).toBe(16_000);
    expect(samples).toHaveLength(16_000 * seconds);
    const expected = tone(samples.length, 16_000, 440);
    const error = samples.subarray(1_000, -1_000).map((sample, i) => sample - (expected[i + 1_000] ?? 0));
    expect(rms(error), 'the tone itself, in phase').toBeLessThan(2);
  });
});
