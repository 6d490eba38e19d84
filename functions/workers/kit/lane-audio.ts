/** How samples travel on a lane: PCM16 in the format of the call, or PCMU where the plan says so. */
import { AUDIO_FORMATS, type AudioFormat } from '../../../shared/audio/audio-format.ts';
import { decodePcmu, encodePcmu, PCMU_RATE_HZ } from '../../../shared/audio/pcmu.ts';
import type { Audio } from '../../../shared/audio/wav.ts';
import { PAYLOAD_TYPE, PCMU_PAYLOAD_TYPE } from '../../../shared/wire/lane/rtp.ts';
import { samplesAt } from './resample.ts';

export type LaneAudioFormat = AudioFormat | 'pcmu';

/** What a worker says: PCM16 samples or their bytes at the rate of the call, or samples that name their rate. */
export type SpokenAudio = Int16Array | Uint8Array | Audio;

export function isSpoken(reply: unknown): reply is SpokenAudio {
  return isPcm(reply) || isRecording(reply);
}

function isPcm(reply: unknown): reply is Int16Array | Uint8Array {
  return reply instanceof Int16Array || reply instanceof Uint8Array;
}

function isRecording(reply: unknown): reply is Audio {
  return (
    typeof reply === 'object' &&
    reply !== null &&
    'samples' in reply &&
    reply.samples instanceof Int16Array &&
    'sampleRateHz' in reply &&
    typeof reply.sampleRateHz === 'number'
  );
}

/**
 * The bytes of what a worker says, at the rate of a format.
 * @throws RangeError for a rate that cannot be converted
 */
export function pcmBytes(spoken: SpokenAudio, format: LaneAudioFormat): Uint8Array {
  const pcm = isPcm(spoken) ? spoken : samplesAt(spoken, rateOf(format));
  return new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}

const PAYLOAD_TYPES: Readonly<Record<LaneAudioFormat, number>> = {
  ...PAYLOAD_TYPE,
  pcmu: PCMU_PAYLOAD_TYPE,
};

const FORMATS = new Map(
  Object.entries(PAYLOAD_TYPES).map(([format, type]) => [type, format as LaneAudioFormat]),
);

/** The format of an RTP payload type, or undefined for one that is not spoken on lanes. */
export function formatOfPayloadType(payloadType: number): LaneAudioFormat | undefined {
  return FORMATS.get(payloadType);
}

export function payloadTypeOf(format: LaneAudioFormat): number {
  return PAYLOAD_TYPES[format];
}

/** Samples a second, of the samples and of the RTP timestamps. */
export function rateOf(format: LaneAudioFormat): number {
  return format === 'pcmu' ? PCMU_RATE_HZ : AUDIO_FORMATS[format].sampleRateHz;
}

/** PCM16 bytes as they travel; their number is even. */
export function toPayload(format: LaneAudioFormat, pcm: Uint8Array): Uint8Array {
  return format === 'pcmu' ? encodePcmu(samplesOf(pcm)) : pcm;
}

/** The samples of a payload: a view into it where that can be. The number of PCM16 bytes is even. */
export function fromPayload(format: LaneAudioFormat, payload: Uint8Array): Int16Array {
  return format === 'pcmu' ? decodePcmu(payload) : samplesOf(payload);
}

function samplesOf(bytes: Uint8Array): Int16Array {
  const aligned = bytes.byteOffset % Int16Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}
