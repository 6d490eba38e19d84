/**
 * WAV files of every shape, built from samples that the builder knows, byte by byte and without the reader under test.
 */
import fc from 'fast-check';

export type Container = 'RIFF' | 'RIFX' | 'RF64' | 'BW64';

export interface Encoding {
  readonly name: string;
  readonly tag: number;
  /** Bits that the header names. */
  readonly bits: number;
  /** Bytes of a sample in the file. */
  readonly bytes: number;
  /** Writes a PCM16 sample so that a reader gets exactly it back. */
  readonly put: (view: DataView, at: number, sample: number, little: boolean) => void;
  /** What a reader gets of a PCM16 sample: the sample itself where the encoding is no coarser. */
  readonly heard: (sample: number) => number;
}

const exact = (sample: number): number => sample;
/** The upper bits alone. */
const upper =
  (bits: number) =>
  (sample: number): number =>
    (sample >> (16 - bits)) << (16 - bits);

export const ENCODINGS: readonly Encoding[] = [
  {
    name: '8 bits',
    tag: 1,
    bits: 8,
    bytes: 1,
    put: (view, at, sample) => view.setUint8(at, (sample >> 8) + 128),
    heard: upper(8),
  },
  { name: '12 bits in 16', tag: 1, bits: 12, bytes: 2, put: put16(12), heard: upper(12) },
  { name: '16 bits', tag: 1, bits: 16, bytes: 2, put: put16(16), heard: exact },
  { name: '20 bits in 24', tag: 1, bits: 20, bytes: 3, put: put24, heard: exact },
  { name: '24 bits', tag: 1, bits: 24, bytes: 3, put: put24, heard: exact },
  { name: '24 bits in 32', tag: 1, bits: 24, bytes: 4, put: put32, heard: exact },
  { name: '32 bits', tag: 1, bits: 32, bytes: 4, put: put32, heard: exact },
  {
    name: '32 bits of floating point',
    tag: 3,
    bits: 32,
    bytes: 4,
    put: (view, at, sample, little) => view.setFloat32(at, sample / 32_768, little),
    heard: exact,
  },
  {
    name: '64 bits of floating point',
    tag: 3,
    bits: 64,
    bytes: 8,
    put: (view, at, sample, little) => view.setFloat64(at, sample / 32_768, little),
    heard: exact,
  },
];

function put16(bits: number): Encoding['put'] {
  return (view, at, sample, little) => view.setInt16(at, upper(bits)(sample), little);
}

function put24(view: DataView, at: number, sample: number, little: boolean): void {
  view.setInt16(little ? at + 1 : at, sample, little);
  view.setUint8(little ? at : at + 2, 0);
}

function put32(view: DataView, at: number, sample: number, little: boolean): void {
  view.setInt32(at, sample * 65_536, little);
}

export interface Chunk {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** The size that the header names, where it is not that of `bytes`. */
  readonly size?: number;
}

export interface Shape {
  readonly container: Container;
  readonly encoding: Encoding;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly extensible: boolean;
  readonly before: readonly Chunk[];
  readonly between: readonly Chunk[];
  readonly behind: readonly Chunk[];
  /** Mono samples; each channel has them. */
  readonly samples: Int16Array;
}

const CHUNK_IDS = [
  'LIST',
  'cue ',
  'smpl',
  'bext',
  'iXML',
  '_PMX',
  'fact',
  'JUNK',
  'inst',
  'id3 ',
  'Xtra',
  'axml',
];

const chunk: fc.Arbitrary<Chunk> = fc.record({
  id: fc.constantFrom(...CHUNK_IDS),
  bytes: fc.uint8Array({ maxLength: 40 }),
});

const chunks = fc.array(chunk, { maxLength: 3 });

export const shape: fc.Arbitrary<Shape> = fc.record({
  container: fc.constantFrom<Container>('RIFF', 'RIFX', 'RF64', 'BW64'),
  encoding: fc.constantFrom(...ENCODINGS),
  channels: fc.integer({ min: 1, max: 6 }),
  sampleRateHz: fc.constantFrom(8_000, 11_025, 16_000, 24_000, 44_100, 48_000, 192_000),
  extensible: fc.boolean(),
  before: chunks,
  between: chunks,
  behind: chunks,
  samples: fc.int16Array({ minLength: 1, maxLength: 200 }),
});

/** What a reader gets of the file. */
export function heardOf({ encoding, samples }: Pick<Shape, 'encoding' | 'samples'>): Int16Array {
  return samples.map((sample) => encoding.heard(sample));
}

export interface DataSizes {
  /** The size of `data` that the header names. Defaults to the right one. */
  readonly data?: number;
  /** The same in `ds64`. Defaults to the right one. */
  readonly longData?: number;
}

/** The file, with a pad byte of 0xff behind each chunk of odd size. */
export function fileOf(shape: Shape, sizes: DataSizes = {}): Uint8Array<ArrayBuffer> {
  const { container, encoding, channels, samples, before, between, behind } = shape;
  const little = container !== 'RIFX';
  const isLong = container === 'RF64' || container === 'BW64';
  const data = new Uint8Array(samples.length * channels * encoding.bytes);
  const view = new DataView(data.buffer);
  samples.forEach((sample, frame) => {
    for (let channel = 0; channel < channels; channel += 1)
      encoding.put(view, (frame * channels + channel) * encoding.bytes, sample, little);
  });
  const named = sizes.data ?? (isLong ? 0xffff_ffff : data.length);
  const ds64 = { id: 'ds64', bytes: longSizes(sizes.longData ?? data.length) };
  const all: Chunk[] = [
    ...(isLong ? [ds64] : []),
    ...before,
    { id: 'fmt ', bytes: formatChunk(shape, little) },
    ...between,
    { id: 'data', bytes: data, size: named },
    ...behind,
  ];
  const body = all.flatMap((each) => [...chunkBytes(each, little)]);
  const head = new Uint8Array(12);
  put(head, 0, container);
  new DataView(head.buffer).setUint32(4, isLong ? 0xffff_ffff : body.length + 4, little);
  put(head, 8, 'WAVE');
  return Uint8Array.from([...head, ...body]);
}

function chunkBytes({ id, bytes, size = bytes.length }: Chunk, little: boolean): Uint8Array {
  const all = new Uint8Array(8 + bytes.length + (bytes.length % 2)).fill(0xff);
  put(all, 0, id);
  new DataView(all.buffer).setUint32(4, size, little);
  all.set(bytes, 8);
  return all;
}

function formatChunk({ encoding, channels, sampleRateHz, extensible }: Shape, little: boolean): Uint8Array {
  const bytes = new Uint8Array(extensible ? 40 : 16);
  const view = new DataView(bytes.buffer);
  const block = channels * encoding.bytes;
  view.setUint16(0, extensible ? 0xfffe : encoding.tag, little);
  view.setUint16(2, channels, little);
  view.setUint32(4, sampleRateHz, little);
  view.setUint32(8, sampleRateHz * block, little);
  view.setUint16(12, block, little);
  view.setUint16(14, extensible ? 8 * encoding.bytes : encoding.bits, little);
  if (extensible) {
    view.setUint16(16, 22, little);
    view.setUint16(18, encoding.bits, little);
    view.setUint16(24, encoding.tag, little);
    bytes.set([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71], 26);
  }
  return bytes;
}

function longSizes(data: number): Uint8Array {
  const bytes = new Uint8Array(28);
  new DataView(bytes.buffer).setBigUint64(8, BigInt(data), true);
  return bytes;
}

function put(bytes: Uint8Array, at: number, letters: string): void {
  bytes.set(Buffer.from(letters, 'latin1'), at);
}
