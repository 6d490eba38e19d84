/** Recordings in workers: read WAV files, write them, and convert their rate. */
export { type Audio, readWav, WavError, writeWav } from '../../../shared/audio/wav.ts';
export { resample } from './resample.ts';
