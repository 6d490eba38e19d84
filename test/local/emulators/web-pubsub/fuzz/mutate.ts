import type { Random } from '../../../../../local/emulators/common/random.ts';

/** A whole number from 0 up to, and without, `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random.fraction() * end);
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[below(random, from.length)];
  if (chosen === undefined) throw new Error('there is nothing to pick from');
  return chosen;
}

export function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index += 1) bytes[index] = below(random, 256);
  return bytes;
}

/** The bytes with one to four accidents: bits flipped, parts cut out, doubled, moved, or replaced by chance. */
export function mutate(random: Random, original: Uint8Array): Buffer {
  let bytes = Buffer.from(original);
  for (let left = 1 + below(random, 4); left > 0; left -= 1) {
    const at = below(random, bytes.length + 1);
    const to = at + below(random, Math.min(16, bytes.length - at + 1));
    const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
    switch (below(random, 5)) {
      case 0:
        bytes = Buffer.concat([before, part.map((byte) => byte ^ (1 << below(random, 8))), after]);
        break;
      case 1:
        bytes = Buffer.concat([before, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, part, part, after]);
        break;
      case 3:
        bytes = Buffer.concat([after, part, before]);
        break;
      default:
        bytes = Buffer.concat([before, randomBytes(random, to - at), after]);
    }
  }
  return bytes;
}
