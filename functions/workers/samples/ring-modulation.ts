/** Ring modulation: the signal times a carrier, `out[n] = round(in[n] * cos(2 * pi * 50 * n / rate))`. */

/** Frequency of the carrier in hertz. It divides every sample rate in use, so a period is a whole number of samples. */
const CARRIER_HZ = 50;

/** Where the carrier stands: small whole numbers, so that it never drifts however the audio is cut. */
interface RingModulation {
  /** Position in the carrier's period, in samples, at `timestamp`. */
  phase: number;
  /** Index of the next sample since the stream's start, modulo 2^32. */
  timestamp: number;
}

export function newRingModulation(): RingModulation {
  return { phase: 0, timestamp: 0 };
}

const periods = new Map<number, Float64Array>();

/** One period of the carrier. @throws RangeError for a rate whose period is no whole number of samples. */
function carrierPeriod(sampleRateHz: number): Float64Array {
  const known = periods.get(sampleRateHz);
  if (known !== undefined) return known;
  if (sampleRateHz % CARRIER_HZ !== 0) {
    throw new RangeError(`the sample rate must be a multiple of ${CARRIER_HZ} Hz, not ${sampleRateHz} Hz`);
  }
  const period = Float64Array.from({ length: sampleRateHz / CARRIER_HZ }, (_, n) =>
    Math.cos((2 * Math.PI * CARRIER_HZ * n) / sampleRateHz),
  );
  periods.set(sampleRateHz, period);
  return period;
}

/**
 * Modulates a chunk and moves the carrier on, in place. The carrier runs through gaps: what was lost is counted by the
 * difference of timestamps (signed, so that chunks of several participants may alternate, and 2^32 may be passed).
 */
export function ringModulate(
  chunk: { readonly pcm: Int16Array; readonly sampleRateHz: number; readonly timestamp: number },
  state: RingModulation,
): Int16Array {
  const { pcm } = chunk;
  const carrier = carrierPeriod(chunk.sampleRateHz);
  const skipped = (chunk.timestamp - state.timestamp) | 0;
  let phase = (((state.phase + skipped) % carrier.length) + carrier.length) % carrier.length;
  const out = new Int16Array(pcm.length);
  for (let n = 0; n < pcm.length; n += 1) {
    // The one product outside of 16 bits is -32768 times -1.
    out[n] = Math.min(32_767, Math.round((pcm[n] ?? 0) * (carrier[phase] ?? 0)));
    phase += 1;
    if (phase === carrier.length) phase = 0;
  }
  state.phase = phase;
  state.timestamp = (chunk.timestamp + pcm.length) >>> 0;
  return out;
}
