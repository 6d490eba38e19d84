import { AUDIO_FORMATS, type AudioFormat } from '../shared/core/audio-format.ts';
import { Interpolator } from '../shared/core/rate-converter.ts';
import { decodePcmu, PCMU_RATE_HZ } from '../shared/protocol/pcmu.ts';
import type { RtpPacket } from '../shared/protocol/rtp.ts';

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
