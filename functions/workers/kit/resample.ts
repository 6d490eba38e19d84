/**
 * Audio at another sample rate: a sinc under a Kaiser window (J. O. Smith, "Digital Audio Resampling", 2002), read off
 * a table. In plain JavaScript, so that a bundle grows by little and starts as fast as before.
 */
import { kaiserWindow } from '../../../shared/audio/kaiser-window.ts';
import { type Audio, WAV_RATE_HZ } from '../../../shared/audio/wav.ts';

/** Zero crossings of the sinc on each side: with them 84 % of the band pass, and what would alias is 80 dB down. */
const CROSSINGS = 32;
/** Entries of the table between two crossings; between entries it is a straight line. */
const STEPS = 512;
const STOP_DB = 80;
/** Where the filter is half way down, in parts of the lower rate's band; it has closed at the end of the band. */
const CUTOFF = 0.92;

/**
 * Converts PCM16 mono. The result has `round(length * toHz / fromHz)` samples, without delay; at the same rate it is
 * the samples themselves. Ten seconds take some tenths of a second, so convert long recordings once, when the worker is
 * loaded.
 * @throws RangeError for a rate that is no whole number from 1,000 to 192,000 Hz
 */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  for (const rate of [fromHz, toHz]) {
    if (Number.isInteger(rate) && rate >= WAV_RATE_HZ.min && rate <= WAV_RATE_HZ.max) continue;
    throw new RangeError(
      `a sample rate is a whole number from ${WAV_RATE_HZ.min} to ${WAV_RATE_HZ.max} Hz, not ${rate}`,
    );
  }
  if (fromHz === toHz) return samples;
  const output = new Int16Array(Math.round((samples.length * toHz) / fromHz));
  // The filter belongs to the lower of the two rates: it is as much longer in samples of the input.
  const scale = CUTOFF * Math.min(1, toHz / fromHz);
  const reach = CROSSINGS / scale;
  table ??= filter();
  for (let n = 0; n < output.length; n += 1) {
    const center = (n * fromHz) / toHz;
    const first = Math.max(0, Math.ceil(center - reach));
    const last = Math.min(samples.length - 1, Math.floor(center + reach));
    let sum = 0;
    for (let k = first; k <= last; k += 1) {
      const at = Math.abs(center - k) * scale * STEPS;
      const entry = Math.trunc(at);
      const low = table[entry] ?? 0;
      sum += (samples[k] ?? 0) * (low + (at - entry) * ((table[entry + 1] ?? 0) - low));
    }
    output[n] = Math.max(-32_768, Math.min(32_767, Math.round(sum * scale)));
  }
  return output;
}

const converted = new WeakMap<Int16Array, Map<string, Int16Array>>();

/** The samples of a recording at a rate, converted once. */
export function samplesAt({ samples, sampleRateHz }: Audio, rateHz: number): Int16Array {
  if (sampleRateHz === rateHz) return samples;
  const known = converted.get(samples) ?? new Map<string, Int16Array>();
  converted.set(samples, known);
  const rates = `${sampleRateHz} to ${rateHz}`;
  const found = known.get(rates) ?? resample(samples, sampleRateHz, rateHz);
  known.set(rates, found);
  return found;
}

/** Made at its first use: a function app that converts nothing starts without it. */
let table: Float64Array | undefined;

/** One half of the filter, which is symmetric. */
function filter(): Float64Array {
  const weight = kaiserWindow(STOP_DB);
  return Float64Array.from({ length: CROSSINGS * STEPS + 1 }, (_, i) => {
    const x = i / STEPS;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return sinc * weight(x / CROSSINGS);
  });
}
