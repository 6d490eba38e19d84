import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';
import { decodePcmu, PCMU_RATE_HZ } from '../../shared/audio/pcmu.ts';
import type { RtpPacket } from '../../shared/wire/lane/rtp.ts';
import { Interpolator } from '../audio/rate-converter.ts';

/** What one worker says in PCMU, as PCM16 in the format of the call. Packets that follow one another join without a click. */
export class PcmuReplies {
  readonly #interpolator: Interpolator;

  constructor(format: AudioFormat) {
    this.#interpolator = new Interpolator(AUDIO_FORMATS[format].sampleRateHz / PCMU_RATE_HZ);
  }

  decode({ payload, marker }: RtpPacket): Uint8Array {
    if (marker) this.#interpolator.reset();
    return new Uint8Array(this.#interpolator.convert(decodePcmu(payload)).buffer);
  }
}
