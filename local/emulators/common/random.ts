import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** Chance as the emulators see it, so that a seed can make it repeat itself. */
export interface Random {
  /** Uniform from 0 to 1; 1 excluded. */
  fraction(): number;
  bytes(length: number): Buffer;
  /** A version 4 UUID (RFC 9562). */
  uuid(): string;
  /**
   * A stream of its own that depends on the seed and this name alone: what is drawn from it does not depend on how
   * often anybody else drew.
   */
  branch(name: string): Random;
}

/** Unpredictable; a branch is the same source again. */
export const systemRandom: Random = {
  fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
  branch: () => systemRandom,
};

/**
 * The generator xoshiro128** (Blackman and Vigna, 2018), its state the first 16 bytes of SHA-256 of the seed. Good for
 * test data, never for secrets.
 */
export function seededRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest();
  const state = new Uint32Array([0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)));
  const next = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    state.set([a ^ mixedD, b ^ mixedC, mixedC ^ (b << 9), rotateLeft(mixedD, 11)]);
    return result;
  };
  const bytes = (length: number): Buffer => {
    const all = Buffer.alloc(Math.ceil(length / 4) * 4);
    for (let offset = 0; offset < all.length; offset += 4) all.writeUInt32LE(next(), offset);
    return all.subarray(0, length);
  };
  return {
    fraction: () => next() / 2 ** 32,
    bytes,
    uuid: () => uuidOf(bytes(16)),
    branch: (name) => seededRandom(`${seed}/${name}`),
  };
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function uuidOf(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
