/** WAV files in and out of PCM16 mono, the only audio that the emulators handle. */
import wavefile from 'wavefile';
import { MAX_RATE_HZ, MIN_RATE_HZ, resample } from './resample.ts';
import { decodeToMono, type SampleEncoding } from './wav-samples.ts';

/** Audio in memory: PCM16 mono. */
export interface Audio {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
}

/** A WAV file that cannot be used; the message says why in one sentence. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

type WaveFile = InstanceType<typeof wavefile.WaveFile>;

/** Format tags of the `fmt ` chunk (RFC 2361, Microsoft `mmreg.h`). */
const TAG = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, extensible: 0xfffe } as const;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bits: number;
}

/**
 * Reads a WAV file (RIFF, RIFX or RF64): PCM of 8, 16, 24 or 32 bits, floating point of 32 or 64, A-law and
 * mu-law. Several channels are averaged to one; 16-bit mono comes through bit-exact.
 * Throws WavError for anything else, for an empty file and for one without samples.
 */
export function readWav(bytes: Uint8Array): Audio {
  if (bytes.length === 0) throw new WavError('The file is empty.');
  const file = new wavefile.WaveFile();
  try {
    file.fromBuffer(bytes);
  } catch (error) {
    throw new WavError(`The file is not a WAV file: ${messageOf(error)}.`, { cause: error });
  }
  const format = expand(file, formatOf(file));
  const samples = decodeToMono(sampleBytes(file), {
    encoding: encodingOf(format),
    channels: format.channels,
    bigEndian: file.container === 'RIFX',
  });
  if (samples.length === 0) throw new WavError('The WAV file has no samples.');
  return { samples, sampleRateHz: format.sampleRateHz };
}

/** The audio at another sample rate (see `resample`); at its own rate it is returned as it is. */
export function convert(audio: Audio, sampleRateHz: number): Audio {
  return { samples: resample(audio.samples, audio.sampleRateHz, sampleRateHz), sampleRateHz };
}

/** A 16-bit mono WAV file of these samples. */
export function writeWav(samples: Int16Array, sampleRateHz: number): Uint8Array {
  const file = new wavefile.WaveFile();
  file.fromScratch(1, sampleRateHz, '16', samples);
  return file.toBuffer();
}

function formatOf(file: WaveFile): Format {
  const fmt = file.fmt as {
    audioFormat: number;
    numChannels: number;
    sampleRate: number;
    bitsPerSample: number;
    subformat: readonly number[];
  };
  const format = {
    // The extensible format keeps the real tag in the first word of its sub-format GUID.
    tag: fmt.audioFormat === TAG.extensible ? (fmt.subformat[0] ?? 0) : fmt.audioFormat,
    channels: fmt.numChannels,
    sampleRateHz: fmt.sampleRate,
    bits: fmt.bitsPerSample,
  };
  if (format.channels === 0) throw new WavError('The WAV file says that it has 0 channels.');
  if (format.sampleRateHz < MIN_RATE_HZ || format.sampleRateHz > MAX_RATE_HZ) {
    throw new WavError(
      `The WAV file says that its sample rate is ${format.sampleRateHz} Hz; from ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz are supported.`,
    );
  }
  return format;
}

/** Lets the library decode what is compressed, to 16 bits; answers the format that the samples have then. */
function expand(file: WaveFile, format: Format): Format {
  try {
    switch (format.tag) {
      case TAG.aLaw:
        file.fromALaw('16');
        break;
      case TAG.muLaw:
        file.fromMuLaw('16');
        break;
      default:
        return format;
    }
  } catch (error) {
    throw new WavError(`The WAV file cannot be decoded: ${messageOf(error)}.`, { cause: error });
  }
  return { ...format, tag: TAG.pcm, bits: 16 };
}

function encodingOf({ tag, bits }: Format): SampleEncoding {
  if (tag === TAG.pcm && bits === 8) return 'unsigned8';
  if (tag === TAG.pcm && bits === 16) return 'signed16';
  if (tag === TAG.pcm && bits === 24) return 'signed24';
  if (tag === TAG.pcm && bits === 32) return 'signed32';
  if (tag === TAG.float && bits === 32) return 'float32';
  if (tag === TAG.float && bits === 64) return 'float64';
  throw new WavError(
    `The WAV file has an encoding that is not supported (format tag ${tag} with ${bits} bits a sample); save it as PCM, for example 16 bits.`,
  );
}

function sampleBytes(file: WaveFile): Uint8Array {
  return (file.data as { samples: Uint8Array }).samples;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
