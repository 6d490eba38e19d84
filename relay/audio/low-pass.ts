/**
 * The filter between 8 kHz and a whole multiple of it. Everything up to 3.4 kHz passes, which is the band of
 * telephony; frequencies above 4.6 kHz, which would alias, are 60 dB down. A sinc under a Kaiser window (J. F. Kaiser
 * 1974), of odd length and symmetric, so that it delays all frequencies alike.
 */
const PASS_HZ = 3_400;
const STOP_HZ = 4_600;
const RATE_HZ = 8_000;
const STOP_DB = 60;

/** Taps at `factor` times 8 kHz; their sum is 1, and the delay is half of their number. */
export function lowPass(factor: number): Float64Array {
  const rateHz = factor * RATE_HZ;
  const width = (2 * Math.PI * (STOP_HZ - PASS_HZ)) / rateHz;
  const half = Math.ceil((STOP_DB - 8) / (2.285 * width) / 2);
  const beta = 0.1102 * (STOP_DB - 8.7);
  const cutoff = (PASS_HZ + STOP_HZ) / rateHz;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const n = i - half;
    const sinc = n === 0 ? cutoff : Math.sin(Math.PI * cutoff * n) / (Math.PI * n);
    return (sinc * bessel(beta * Math.sqrt(1 - (n / half) ** 2))) / bessel(beta);
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** The modified Bessel function of the first kind and order 0, by its power series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
