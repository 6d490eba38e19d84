/** The audio of a worker that hears PCMU: a quarter of the bytes of 16 kHz, in the band of telephony. */
import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';
import { encodePcmu, PCMU_RATE_HZ } from '../../shared/audio/pcmu.ts';
import { PCMU_PAYLOAD_TYPE } from '../../shared/wire/lane/rtp.ts';
import { Decimator } from '../audio/rate-converter.ts';
import type { AudioFrame, AudioPiece, WorkerAudio } from './worker-audio.ts';

export class PcmuAudio implements WorkerAudio {
  readonly #audio: WorkerAudio;
  readonly #factor: number;
  readonly #decimators = new Map<number, Decimator>();

  /** Encodes what `audio` cuts. */
  constructor(audio: WorkerAudio, format: AudioFormat) {
    this.#audio = audio;
    this.#factor = AUDIO_FORMATS[format].sampleRateHz / PCMU_RATE_HZ;
  }

  get queuedBytes(): number {
    return this.#audio.queuedBytes;
  }

  get droppedMs(): number {
    return this.#audio.droppedMs;
  }

  push(frame: AudioFrame): void {
    this.#audio.push(frame);
  }

  advance(position: number): void {
    this.#audio.advance(position);
  }

  take(): AudioPiece | undefined {
    return this.#encode(this.#audio.take());
  }

  takeRest(): AudioPiece | undefined {
    return this.#encode(this.#audio.takeRest());
  }

  lost(ssrc: number): void {
    this.#audio.lost(ssrc);
  }

  discard(): void {
    this.#audio.discard();
  }

  #encode(piece: AudioPiece | undefined): AudioPiece | undefined {
    if (piece === undefined) return undefined;
    const decimator = this.#decimators.get(piece.ssrc) ?? new Decimator(this.#factor);
    this.#decimators.set(piece.ssrc, decimator);
    if (piece.marker) decimator.reset();
    const samples = new Int16Array(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength / 2);
    const bytes = encodePcmu(decimator.convert(samples));
    return {
      ...piece,
      bytes,
      headroomBytes: 0,
      timestamp: piece.timestamp / this.#factor,
      payloadType: PCMU_PAYLOAD_TYPE,
    };
  }
}
