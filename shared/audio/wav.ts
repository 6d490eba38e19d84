/**
 * WAV files, in and out of PCM16 mono. The only reader of WAV in the project. It believes no header further than the
 * file's own bytes: sizes are cut at the end of the file, chunks that it does not know are stepped over and never read,
 * and time and memory are bounded by the file's size.
 *
 * Rules: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, 1991), WAVEFORMATEXTENSIBLE (Microsoft),
 * EBU Tech 3306 (RF64) and ITU-R BS.2088 (BW64).
 */
import { decodeToMono, type SampleEncoding } from './wav-samples.ts';

/** Audio in memory: PCM16 mono. */
export interface Audio {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
}

/** How a file holds its samples. */
interface WavFormat {
  readonly encoding: SampleEncoding;
  /** Bits of a sample that count; where they are fewer than its bytes hold, they are the upper ones. */
  readonly bits: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  /** Byte order of RIFX files; the others are little-endian. */
  readonly bigEndian: boolean;
}

/** A file that cannot be used; the message says why in one sentence. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

/** Sample rates that are read, in Hz. */
export const WAV_RATE_HZ = { min: 1_000, max: 192_000 } as const;

/** Format tags of the `fmt ` chunk (RFC 2361, Microsoft `mmreg.h`). */
const TAG = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, extensible: 0xfffe } as const;

/** Tags of formats that are not read, for the message. */
const OTHER_FORMATS: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG audio',
  85: 'MP3',
  353: 'Windows Media Audio',
  354: 'Windows Media Audio Professional',
  65534: 'the extensible format without its extension',
};

/** What other files begin with, for the message. */
const OTHER_FILES: readonly (readonly [at: number, text: string, name: string])[] = [
  [0, 'ID3', 'an MP3 file'],
  [0, '\xff\xfb', 'an MP3 file'],
  [0, 'fLaC', 'a FLAC file'],
  [0, 'OggS', 'an Ogg file'],
  [0, 'FORM', 'an AIFF file'],
  [0, 'caff', 'a Core Audio file'],
  [0, 'riff', 'a Wave64 file'],
  [4, 'ftyp', 'an MPEG-4 file'],
];

const CONTAINERS = ['RIFF', 'RIFX', 'RF64', 'BW64'] as const;

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** WAVEFORMAT, which names no bits, and with it PCMWAVEFORMAT, which does. */
const FORMAT_BYTES = { least: 14, withBits: 16 } as const;
/** Where the sub-format of WAVEFORMATEXTENSIBLE begins with the real tag. */
const SUB_FORMAT_AT = 24;
/** Size of a chunk that its writer did not know. In RF64 and BW64 the real one is in `ds64`. */
const UNKNOWN_SIZE = 0xffff_ffff;

/**
 * Reads a file of RIFF, RIFX, RF64 or BW64: PCM of up to 32 bits, in as many whole bytes or more; floating point of 32
 * or 64 bits; A-law and mu-law. Several channels are averaged to one; 16-bit mono comes through bit for bit. A `data`
 * chunk whose size is 0 or unknown, as writers to a pipe leave it, reaches to the end of the file.
 * @throws WavError for anything else, and for a file without samples
 */
export function readWav(file: Uint8Array): Audio {
  const { format, data } = openWav(file);
  const samples = decodeToMono(data, format);
  if (samples.length === 0) throw new WavError('The WAV file has no samples.');
  return { samples, sampleRateHz: format.sampleRateHz };
}

/** The format of a file, and the bytes of its samples where they lie. @throws WavError */
export function openWav(file: Uint8Array): { readonly format: WavFormat; readonly data: Uint8Array } {
  if (file.length === 0) throw new WavError('The file is empty.');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const container = CONTAINERS.find((name) => name === text(file, 0, 4));
  if (container === undefined || text(file, 8, 4) !== 'WAVE') throw new WavError(notWav(file));
  const little = container !== 'RIFX';
  let format: WavFormat | undefined;
  let data: Uint8Array | undefined;
  let longDataBytes: number | undefined;
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= file.length; ) {
    const body = at + CHUNK_HEADER_BYTES;
    const left = file.length - body;
    let size = view.getUint32(at + 4, little);
    switch (text(file, at, 4)) {
      case 'ds64':
        // Sizes of 64 bits: of the file, then of the data. More than a file that is in memory can have is cut below.
        if (left >= 16) longDataBytes = Number(view.getBigUint64(body + 8, little));
        break;
      case 'fmt ':
        format ??= readFormat(
          new DataView(view.buffer, view.byteOffset + body, Math.min(size, left)),
          little,
        );
        break;
      case 'data':
        // The first one counts; looking behind another would take time by the square of the file's size.
        if (data !== undefined) break;
        if (size === UNKNOWN_SIZE) size = Math.min(longDataBytes ?? left, left);
        if (size === 0 && !isChain(file, view, body, little)) size = left;
        data = file.subarray(body, body + size);
        break;
    }
    at = nextChunk(file, body + size, size);
  }
  if (format === undefined) throw new WavError('The file is not a WAV file: it has no "fmt " chunk.');
  if (data === undefined) throw new WavError('The file is not a WAV file: it has no "data" chunk.');
  return { format, data };
}

/** A file of 16-bit PCM, mono, with these samples. */
export function writeWav(samples: Int16Array, sampleRateHz: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(
    RIFF_HEADER_BYTES + 2 * CHUNK_HEADER_BYTES + FORMAT_BYTES.withBits + 2 * samples.length,
  );
  const view = new DataView(file.buffer);
  const put = (at: number, letters: string): void => file.set(new TextEncoder().encode(letters), at);
  put(0, 'RIFF');
  view.setUint32(4, file.length - CHUNK_HEADER_BYTES, true);
  put(8, 'WAVEfmt ');
  view.setUint32(16, FORMAT_BYTES.withBits, true);
  view.setUint16(20, TAG.pcm, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, 2 * sampleRateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  put(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i += 1) view.setInt16(44 + 2 * i, samples[i] ?? 0, true);
  return file;
}

/**
 * Whether nothing, or only whole chunks, lie between `at` and the end of the file. Then an empty `data` chunk before
 * `at` is empty; otherwise its writer did not come back to write its size.
 */
function isChain(file: Uint8Array, view: DataView, at: number, little: boolean): boolean {
  while (at < file.length) {
    if (!isChunkId(file, at) || at + CHUNK_HEADER_BYTES > file.length) return false;
    const size = view.getUint32(at + 4, little);
    at = nextChunk(file, at + CHUNK_HEADER_BYTES + size, size);
    if (at > file.length + 1) return false;
  }
  return true;
}

/** A chunk of odd size is followed by a byte that belongs to none; some writers leave it out. */
function nextChunk(file: Uint8Array, end: number, size: number): number {
  const isPadded = size % 2 === 1 && (isChunkId(file, end + 1) || !isChunkId(file, end));
  return isPadded ? end + 1 : end;
}

/** Four printable characters, none of them a space in front. */
function isChunkId(file: Uint8Array, at: number): boolean {
  return /^[!-~][ -~]{3}$/.test(text(file, at, 4));
}

function readFormat(chunk: DataView, little: boolean): WavFormat {
  if (chunk.byteLength < FORMAT_BYTES.least)
    throw new WavError(
      `The file is not a WAV file: its "fmt " chunk has ${chunk.byteLength} bytes of at least 14.`,
    );
  const named = chunk.getUint16(0, little);
  const isExtensible = named === TAG.extensible && chunk.byteLength >= SUB_FORMAT_AT + 2;
  const tag = isExtensible ? chunk.getUint16(SUB_FORMAT_AT, little) : named;
  const channels = chunk.getUint16(2, little);
  const sampleRateHz = chunk.getUint32(4, little);
  const blockBytes = chunk.getUint16(12, little);
  if (channels === 0) throw new WavError('The WAV file says that it has 0 channels.');
  if (sampleRateHz < WAV_RATE_HZ.min || sampleRateHz > WAV_RATE_HZ.max)
    throw new WavError(
      `The WAV file says that its sample rate is ${sampleRateHz} Hz; from ${WAV_RATE_HZ.min} to ${WAV_RATE_HZ.max} Hz are supported.`,
    );
  const wholeBytes = blockBytes % channels === 0 ? blockBytes / channels : 0;
  const bits = chunk.byteLength < FORMAT_BYTES.withBits ? 8 * wholeBytes : chunk.getUint16(14, little);
  return { encoding: encodingOf(tag, bits, wholeBytes), bits, channels, sampleRateHz, bigEndian: !little };
}

/**
 * `wholeBytes`: of one sample in the file; 0 where the header contradicts itself. Samples of fewer bits fill it from
 * above.
 */
function encodingOf(tag: number, bits: number, wholeBytes: number): SampleEncoding {
  const bytes = Math.max(Math.ceil(bits / 8), wholeBytes);
  if (tag === TAG.aLaw && bits === 8) return 'aLaw';
  if (tag === TAG.muLaw && bits === 8) return 'muLaw';
  if (tag === TAG.float && bits === 32) return 'float32';
  if (tag === TAG.float && bits === 64) return 'float64';
  if (tag === TAG.pcm && bits > 0 && bits <= 32) {
    if (bytes === 1) return 'unsigned8';
    if (bytes === 2) return 'signed16';
    if (bytes === 3) return 'signed24';
    if (bytes === 4) return 'signed32';
  }
  const name =
    tag === TAG.pcm ? 'PCM' : tag === TAG.float ? 'floating point' : (OTHER_FORMATS[tag] ?? 'unknown');
  throw new WavError(
    `The WAV file has an encoding that is not supported (${name}, format tag ${tag}, with ${bits} bits a sample); save it as PCM, for example 16 bits.`,
  );
}

function notWav(file: Uint8Array): string {
  const form = text(file, 8, 4);
  const other = OTHER_FILES.find(([at, letters]) => text(file, at, letters.length) === letters)?.[2];
  if (other !== undefined) return `The file is not a WAV file: it is ${other}.`;
  if (CONTAINERS.some((name) => name === text(file, 0, 4)))
    return `The file is not a WAV file: it is a RIFF file of the form ${JSON.stringify(form)}.`;
  return 'The file is not a WAV file: it does not begin with RIFF, RIFX, RF64 or BW64.';
}

function text(file: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...file.subarray(at, at + length));
}
