/** Length of one ACS media frame in milliseconds (ACS audio streaming concept page: 50 packets a second). */
export const FRAME_MS = 20;

export const BYTES_PER_SAMPLE = 2;

/** The names are those of the Call Automation enum `AudioFormat`. Samples are signed 16-bit little-endian, mono. */
export const AUDIO_FORMATS = {
  pcm16KMono: { sampleRateHz: 16_000, frameSamples: 320, frameBytes: 640 },
  pcm24KMono: { sampleRateHz: 24_000, frameSamples: 480, frameBytes: 960 },
} as const;

export type AudioFormat = keyof typeof AUDIO_FORMATS;

export const AUDIO_FORMAT_NAMES = Object.keys(AUDIO_FORMATS) as [AudioFormat, ...AudioFormat[]];

/** Length in milliseconds of `bytes` of PCM16 mono audio in this format. */
export function bytesToMs(format: AudioFormat, bytes: number): number {
  return (bytes / BYTES_PER_SAMPLE / AUDIO_FORMATS[format].sampleRateHz) * 1000;
}

/** Bytes of PCM16 mono audio that last `ms` milliseconds, rounded down to whole samples. */
export function msToBytes(format: AudioFormat, ms: number): number {
  return Math.floor((ms * AUDIO_FORMATS[format].sampleRateHz) / 1000) * BYTES_PER_SAMPLE;
}
