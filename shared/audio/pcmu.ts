/**
 * PCMU: the mu-law of ITU-T G.711, as RTP carries it (RFC 3551, payload type 0): 8,000 samples a second, a byte each.
 */

export const PCMU_RATE_HZ = 8_000;

/** Mu-law has 14 bits of range; samples of 16 bits lose the last two. */
const BIAS = 33;
const LOUDEST = 8_158;

const DECODED = Int16Array.from({ length: 256 }, (_, code) => expand(code));
/** By the upper 14 bits of a sample, offset so that the most negative one is first. */
const ENCODED = Uint8Array.from({ length: 1 << 14 }, (_, index) => compress(index - (1 << 13)));

/** PCM16 as mu-law. */
export function encodePcmu(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) codes[i] = ENCODED[((samples[i] ?? 0) >> 2) + (1 << 13)] ?? 0;
  return codes;
}

/** Mu-law as PCM16. */
export function decodePcmu(codes: Uint8Array): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(codes.length);
  for (let i = 0; i < codes.length; i += 1) samples[i] = DECODED[codes[i] ?? 0] ?? 0;
  return samples;
}

/** Sign, three bits of exponent and four of mantissa, all inverted. */
function compress(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(sample < 0 ? -sample : sample, LOUDEST) + BIAS;
  const exponent = 31 - Math.clz32(magnitude) - 5;
  const mantissa = (magnitude >> (exponent + 1)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function expand(code: number): number {
  const bits = ~code & 0xff;
  const exponent = (bits >> 4) & 0x07;
  const magnitude = ((((bits & 0x0f) << 1) + BIAS) << exponent) - BIAS;
  return ((bits & 0x80) === 0 ? magnitude : -magnitude) * 4;
}
