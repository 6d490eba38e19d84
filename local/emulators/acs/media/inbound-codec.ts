/** What ACS sends to the application ("inbound" in the SDKs' words): text frames, camelCase, one JSON object each. */

export interface StreamFormat {
  readonly sampleRateHz: number;
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

/** Characters of a timestamp of the years 0 to 9999. */
export const TIMESTAMP_LENGTH = 24;

/** Milliseconds of the second that was written last, and its text up to the dot: frames of one second share them. */
let writtenSecondMs = Number.NaN;
let writtenSecond = '';

/** `timestampMs` (milliseconds since 1970, of which fractions are dropped) in UTC, as `Date.toISOString` has it. */
export function timestamp(timestampMs: number): string {
  const secondMs = Math.floor(timestampMs / 1_000) * 1_000;
  if (secondMs !== writtenSecondMs) {
    writtenSecond = new Date(secondMs).toISOString().slice(0, -'000Z'.length);
    writtenSecondMs = secondMs;
  }
  return `${writtenSecond}${String(Math.floor(timestampMs - secondMs)).padStart(3, '0')}Z`;
}

/** The keys of a telephone, RFC 4733. */
const DTMF_KEY = /^[0-9A-D*#]$/;

/** One DTMF frame with the character of the key. Throws RangeError for anything but 0-9, A-D, `*` and `#`. */
export function dtmfDataFrame(key: string): string {
  if (!DTMF_KEY.test(key))
    throw new RangeError(`a DTMF key is one of 0-9, A-D, * and #, not ${JSON.stringify(key)}`);
  return JSON.stringify({ kind: 'DtmfData', dtmfData: { data: key } });
}
