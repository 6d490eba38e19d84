import type { Audio } from '../../../phone/wav.ts';

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const LEAST_FORMAT_BYTES = 16;

/** The one rate of files that can be played (Microsoft Learn, "Play action": WAV, mono, 16 bits, 16 kHz). */
export const PLAY_FILE_RATE_HZ = 16_000;

/** The samples of a WAV file that the service can play, or undefined for any other file, however sound it is. */
export function readPlayableWav(file: Uint8Array): Int16Array | undefined {
  const audio = readMonoWav(file);
  return audio?.sampleRateHz === PLAY_FILE_RATE_HZ ? audio.samples : undefined;
}

/** A WAV file of PCM, 16 bits, mono; undefined for anything else. */
export function readMonoWav(file: Uint8Array): Audio | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < 12 || tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE') return undefined;
  let sampleRateHz: number | undefined;
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(file, at) === 'fmt ') sampleRateHz = rateOfMono16(view, body, size);
    if (tag(file, at) === 'data') {
      if (sampleRateHz === undefined) return undefined;
      // Files that were written to a pipe name more bytes than there are.
      const length = Math.floor(Math.min(size, file.byteLength - body) / 2);
      const samples = new Int16Array(length);
      for (let i = 0; i < length; i++) samples[i] = view.getInt16(body + 2 * i, true);
      return { samples, sampleRateHz };
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

/** The rate that a `fmt ` chunk names where it is PCM, 16 bits, mono. */
function rateOfMono16(view: DataView, at: number, size: number): number | undefined {
  if (size < LEAST_FORMAT_BYTES || at + size > view.byteLength) return undefined;
  const format = view.getUint16(at, true);
  // The extensible format keeps the real one in the first word of its sub-format GUID.
  const real = format === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : format;
  if (real !== PCM || view.getUint16(at + 2, true) !== 1 || view.getUint16(at + 14, true) !== 16) {
    return undefined;
  }
  return view.getUint32(at + 4, true);
}

function tag(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4));
}
