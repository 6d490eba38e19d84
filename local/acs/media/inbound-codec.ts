/** What ACS sends to the application ("inbound" in the SDKs' words): text frames, camelCase, one JSON object each. */
import { isSilentLevel, rms } from '../../phone/level.ts';
import { encodePcm16 } from './pcm16.ts';

export interface StreamFormat {
  readonly sampleRateHz: number;
  /** Samples of one frame. */
  readonly frameSamples: number;
}

/** The first frame of a stream. `length` is the bytes of one packet. */
export function audioMetadataFrame(subscriptionId: string, format: StreamFormat): string {
  return JSON.stringify({
    kind: 'AudioMetadata',
    audioMetadata: {
      subscriptionId,
      encoding: 'PCM',
      sampleRate: format.sampleRateHz,
      channels: 1,
      length: format.frameSamples * Int16Array.BYTES_PER_ELEMENT,
    },
  });
}

/**
 * One frame of speech. `timestampMs` is milliseconds since 1970. Only unmixed audio has a participant; the member is
 * absent, never null, in mixed audio (the JavaScript SDK's parser throws on null).
 */
export function audioDataFrame(
  samples: Int16Array,
  timestampMs: number,
  participantRawId: string | undefined,
): string {
  return JSON.stringify({
    kind: 'AudioData',
    audioData: {
      timestamp: new Date(timestampMs).toISOString(),
      ...(participantRawId === undefined ? {} : { participantRawID: participantRawId }),
      data: encodePcm16(samples),
      silent: isSilentLevel(rms(samples)),
    },
  });
}

/** The keys of a telephone, RFC 4733. */
const DTMF_KEY = /^[0-9A-D*#]$/;

/** One DTMF frame with the character of the key. Throws RangeError for anything but 0-9, A-D, `*` and `#`. */
export function dtmfDataFrame(key: string): string {
  if (!DTMF_KEY.test(key))
    throw new RangeError(`a DTMF key is one of 0-9, A-D, * and #, not ${JSON.stringify(key)}`);
  return JSON.stringify({ kind: 'DtmfData', dtmfData: { data: key } });
}
