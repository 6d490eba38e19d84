import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { openWav, readWav, WavError, writeWav } from '../../../shared/audio/wav.ts';
import { tone } from '../../support/signals.ts';
import { ENCODINGS, fileOf, heardOf, type Shape, shape } from './wav-shapes.ts';

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
      'The WAV file has an encoding that is not supported (MP3, format tag 85, with 0 bits a sample); save it as PCM, for example 16 bits.',
    ],
    [
      'samples of 40 bits',
      raw({ tag: 1, bits: 40 }, Buffer.alloc(10)),
      'The WAV file has an encoding that is not supported (PCM, format tag 1, with 40 bits a sample); save it as PCM, for example 16 bits.',
    ],
    ['an MP3 file', Buffer.from('ID3\u0004 and so on'), 'The file is not a WAV file: it is an MP3 file.'],
    [
      'an MPEG-4 file',
      Buffer.from('\0\0\0\x20ftypisom'),
      'The file is not a WAV file: it is an MPEG-4 file.',
    ],
    [
      'a format of a few bytes',
      Buffer.from('RIFF\0\0\0\0WAVEfmt \x04\0\0\0\x01\0\x01\0data\0\0\0\0', 'latin1'),
      'The file is not a WAV file: its "fmt " chunk has 4 bytes of at least 14.',
    ],
  ])('refuses %s in one sentence', (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(WavError);
    expect(() => readWav(bytes)).toThrow(message);
  });
});

const some: Shape = {
  container: 'RIFF',
  encoding: ENCODINGS[2] ?? (undefined as never),
  channels: 1,
  sampleRateHz: 8_000,
  extensible: false,
  before: [],
  between: [],
  behind: [],
  samples: Int16Array.of(1, -2, 300, -32_768, 32_767),
};

describe('a WAV file of any shape', () => {
  it('is read to exactly its samples, whatever stands before, beside and behind them', () => {
    fc.assert(
      fc.property(shape, (each) => {
        expect(readWav(fileOf(each))).toEqual({ samples: heardOf(each), sampleRateHz: each.sampleRateHz });
      }),
      { numRuns: 500 },
    );
  });

  it('gives what is there when it is cut off anywhere in its samples', () => {
    fc.assert(
      fc.property(shape, fc.nat(), (each, cut) => {
        const whole = fileOf({ ...each, behind: [] });
        const frameBytes = each.channels * each.encoding.bytes;
        const dataBytes = each.samples.length * frameBytes;
        const kept = cut % dataBytes;
        const file = whole.subarray(0, whole.length - (dataBytes % 2) - dataBytes + kept);
        const frames = Math.floor(kept / frameBytes);
        const read = (): Int16Array => readWav(file).samples;
        if (frames === 0) expect(read).toThrow(WavError);
        else expect(read()).toEqual(heardOf(each).subarray(0, frames));
      }),
      { numRuns: 300 },
    );
  });

  it.each([0, 0xffff_ffff, 0x7fff_ffff])('reaches to the end of the file where its size reads %d', (data) => {
    expect(readWav(fileOf(some, { data })).samples).toEqual(some.samples);
  });

  it.each([0, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'reaches to the end where its long size reads %d',
    (longData) => {
      expect(readWav(fileOf({ ...some, container: 'RF64' }, { longData })).samples).toEqual(some.samples);
    },
  );

  it('has no samples where its chunk is empty and whole chunks follow', () => {
    const empty = {
      ...some,
      samples: new Int16Array(),
      behind: [{ id: 'LIST', bytes: Uint8Array.of(1, 2, 3) }],
    };
    expect(() => readWav(fileOf(empty))).toThrow('The WAV file has no samples.');
  });

  it('does not hear the byte that fills a chunk of odd size up', () => {
    const odd = Uint8Array.from([...writeWav(new Int16Array(), 8_000), 0xff, 0xff]);
    const view = new DataView(odd.buffer);
    view.setUint16(20, 7, true);
    view.setUint16(32, 1, true);
    view.setUint16(34, 8, true);
    view.setUint32(40, 1, true);
    expect([...readWav(odd).samples]).toEqual([0]);
  });

  it('is read though its writer left out the byte behind a chunk of odd size', () => {
    const parts = [...fileOf({ ...some, before: [{ id: 'cue ', bytes: Uint8Array.of(1) }] })];
    const at = 12 + 8 + 1;
    expect(parts[at]).toBe(0xff);
    parts.splice(at, 1);
    expect(readWav(Uint8Array.from(parts)).samples).toEqual(some.samples);
  });

  it('tells the bits of a format of 14 bytes, which names none, from the size of a sample', () => {
    const file = [...writeWav(some.samples, 8_000)];
    file.splice(34, 2);
    file[16] = 14;
    expect(readWav(Uint8Array.from(file)).samples).toEqual(some.samples);
  });
});

describe('a WAV file that lies', () => {
  it('is read or refused in one sentence, whatever its bytes, and never gives more than it holds', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(shape, fc.array(change, { minLength: 1, maxLength: 12 }), (each, changes) => {
        const file = fileOf(each);
        // Headers more often than samples.
        for (const { at, byte } of changes) file[at % (at % 3 === 0 ? file.length : 120)] = byte;
        try {
          expect(openWav(file).data.length).toBeLessThanOrEqual(file.length);
          expect(readWav(file).samples.length).toBeLessThanOrEqual(file.length);
        } catch (error) {
          expect(error).toBeInstanceOf(WavError);
          expect((error as WavError).message).toMatch(/^The (WAV )?file [^\n]+\.$/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['cue ', 'data'])(
    'takes time by its size alone: an empty chunk "%s" is stepped over once each',
    (id) => {
      const empty = Buffer.from(`${id}\0\0\0\0`, 'latin1');
      const file = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), Buffer.alloc(800_000, empty)]);
      expect(() => readWav(file)).toThrow('The file is not a WAV file: it has no "fmt " chunk.');
    },
  );
});
