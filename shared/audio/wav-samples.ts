/** Samples of WAV files as they lie in the file, to PCM16 mono. */
import { decodePcmu } from './pcmu.ts';

export type SampleEncoding =
  | 'unsigned8'
  | 'signed16'
  | 'signed24'
  | 'signed32'
  | 'float32'
  | 'float64'
  | 'aLaw'
  | 'muLaw';

interface SampleLayout {
  readonly encoding: SampleEncoding;
  readonly channels: number;
  /** False: the least significant byte comes first. */
  readonly bigEndian: boolean;
}

const BYTES: Readonly<Record<SampleEncoding, number>> = {
  unsigned8: 1,
  signed16: 2,
  signed24: 3,
  signed32: 4,
  float32: 4,
  float64: 8,
  aLaw: 1,
  muLaw: 1,
};

const EVERY_CODE = Uint8Array.from({ length: 256 }, (_, code) => code);
const MU_LAW = decodePcmu(EVERY_CODE);
const A_LAW = Int16Array.from(EVERY_CODE, expandALaw);

/**
 * Decodes interleaved samples to mono PCM16: channels are averaged, finer samples rounded, 1.0 of floating point is
 * full scale, and what exceeds it is clipped. 16-bit mono comes through unchanged. Bytes of an unfinished last sample
 * are left out.
 */
export function decodeToMono(bytes: Uint8Array, layout: SampleLayout): Int16Array {
  const stride = BYTES[layout.encoding];
  const frames = Math.floor(bytes.length / (stride * layout.channels));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = sampleReader(view, layout);
  const mono = new Int16Array(frames);
  let offset = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < layout.channels; channel += 1) {
      sum += read(offset);
      offset += stride;
    }
    mono[frame] = clipToPcm16(sum / layout.channels);
  }
  return mono;
}

/** Reads the sample at an offset, in steps of 16-bit samples. */
function sampleReader(view: DataView, { encoding, bigEndian }: SampleLayout): (offset: number) => number {
  const little = !bigEndian;
  switch (encoding) {
    case 'unsigned8':
      return (offset) => (view.getUint8(offset) - 128) * 256;
    case 'signed16':
      return (offset) => view.getInt16(offset, little);
    case 'signed24':
      return little
        ? (offset) => view.getInt16(offset + 1, true) + view.getUint8(offset) / 256
        : (offset) => view.getInt16(offset, false) + view.getUint8(offset + 2) / 256;
    case 'signed32':
      return (offset) => view.getInt32(offset, little) / 65_536;
    case 'float32':
      return (offset) => view.getFloat32(offset, little) * 32_768;
    case 'float64':
      return (offset) => view.getFloat64(offset, little) * 32_768;
    case 'aLaw':
      return (offset) => A_LAW[view.getUint8(offset)] ?? 0;
    case 'muLaw':
      return (offset) => MU_LAW[view.getUint8(offset)] ?? 0;
  }
}

/**
 * The A-law of ITU-T G.711: sign, three bits of exponent and four of mantissa, every other bit inverted; 13 bits of
 * range.
 */
function expandALaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 0x07;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (bits & 0x80) === 0 ? -magnitude : magnitude;
}

/** Not a number becomes silence. */
function clipToPcm16(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
