import { type Audio, openWav, readWav, WavError } from '../../../../shared/audio/wav.ts';

/** The one rate of files that can be played (Microsoft Learn, "Play action": WAV, mono, 16 bits, 16 kHz). */
export const PLAY_FILE_RATE_HZ = 16_000;

/** The samples of a WAV file that the service can play, or undefined for any other file, however sound it is. */
export function readPlayableWav(file: Uint8Array): Int16Array | undefined {
  const audio = readMonoWav(file);
  return audio?.sampleRateHz === PLAY_FILE_RATE_HZ ? audio.samples : undefined;
}

/** A WAV file of PCM, 16 bits, mono; undefined for anything else. */
export function readMonoWav(file: Uint8Array): Audio | undefined {
  try {
    const { encoding, bits, channels, bigEndian } = openWav(file).format;
    const isPlain = encoding === 'signed16' && bits === 16 && channels === 1 && !bigEndian;
    return isPlain ? readWav(file) : undefined;
  } catch (error) {
    if (error instanceof WavError) return undefined;
    throw error;
  }
}
