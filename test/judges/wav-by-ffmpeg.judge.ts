/** ffmpeg reads the same files. It is no part of `npm test`, since not every machine has it; CI installs it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readWav } from '../../shared/audio/wav.ts';
import { type Chunk, ENCODINGS, fileOf, type Shape, shape } from '../shared/audio/wav-shapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-wav-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * The first channel as ffmpeg decodes it to 16 bits, without dither: every channel of these files has the same samples.
 */
function byFfmpeg(bytes: Uint8Array): Int16Array {
  const file = join(folder, 'in.wav');
  writeFileSync(file, bytes);
  const args = ['-v', 'error', '-i', file, '-af', 'pan=mono|c0=c0', '-sws_dither', 'none'];
  const pcm = execFileSync('ffmpeg', [...args, '-f', 's16le', '-acodec', 'pcm_s16le', '-']);
  return new Int16Array(Uint8Array.from(pcm).buffer, 0, pcm.length >> 1);
}

/**
 * What ffmpeg reads as the specifications say. It takes 24 bits in four bytes for another thing, does not turn the
 * bytes of RIFX round (the library `wavefile` judges those in the unit tests), and refuses files with a broken LIST,
 * cue or id3 chunk.
 */
const judged = (name: string): fc.Arbitrary<Shape> =>
  shape
    .filter(({ container, encoding }) => container !== 'RIFX' && encoding.name === name)
    .map((each) => ({
      ...each,
      before: each.before.map(plain),
      between: each.between.map(plain),
      behind: each.behind.map(plain),
    }));

const plain = (chunk: Chunk): Chunk => ({ ...chunk, id: 'JUNK' });

describe('ffmpeg', () => {
  it('is here', () => {
    expect(String(execFileSync('ffmpeg', ['-version']))).toMatch(/^ffmpeg version/);
  });

  it.each(ENCODINGS.map(({ name }) => name).filter((name) => name !== '24 bits in 32'))(
    'hears what we hear of %s, within one step',
    (name) => {
      fc.assert(
        fc.property(judged(name), (each) => {
          const file = fileOf(each);
          const theirs = byFfmpeg(file);
          const { samples } = readWav(file);
          expect(theirs.length).toBe(samples.length);
          theirs.forEach((sample, at) => {
            expect(Math.abs(sample - (samples[at] ?? 0))).toBeLessThanOrEqual(1);
          });
        }),
        { numRuns: 12, endOnFailure: true },
      );
    },
  );

  it.each([
    ['A-law', 'pcm_alaw'],
    ['mu-law', 'pcm_mulaw'],
  ])('hears the same of the %s that it writes', (_, codec) => {
    const file = join(folder, 'law.wav');
    execFileSync('ffmpeg', [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=0.5:sample_rate=8000'],
      ...['-acodec', codec, file],
    ]);
    const written = execFileSync('cat', [file]);
    expect(readWav(written).samples).toEqual(byFfmpeg(written));
  });

  it('writes to a pipe what we read to its end', () => {
    const piped = execFileSync('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=0.5:sample_rate=16000'],
      ...['-f', 'wav', '-'],
    ]);
    const { samples, sampleRateHz } = readWav(piped);
    expect(sampleRateHz).toBe(16_000);
    expect(samples).toHaveLength(8_000);
  });
});
