/** Steps of a phone as JSON, for scripts that come over HTTP: audio is base64 of PCM16 little-endian mono. */
import * as z from 'zod';
import type { Audio } from '../../shared/audio/wav.ts';
import { MAX_RATE_HZ, MIN_RATE_HZ } from './resample.ts';
import { MAX_STEPS } from './script-phone.ts';
import type { Sound, Step } from './step.ts';

const LONGEST_MS = 60 * 60_000;
const MAX_KEYS = 18;

const ms = z.int().min(0).max(LONGEST_MS);

/** Base64 without groups in its pattern: one of groups runs out of stack on minutes of audio. */
const audio = z
  .strictObject({
    audio: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64'),
    sampleRateHz: z.int().min(MIN_RATE_HZ).max(MAX_RATE_HZ),
  })
  .transform(({ audio: text, sampleRateHz }, context): Audio => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length % 2 === 0) return { samples: toSamples(bytes), sampleRateHz };
    context.addIssue('must hold whole 16-bit samples');
    return z.NEVER;
  });

const sound = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('speech'), forMs: ms }),
  z.strictObject({ type: z.literal('silence'), forMs: ms }),
  z.strictObject({ type: z.literal('tone'), hz: z.number().min(50).max(8_000), forMs: ms }),
  z.strictObject({ type: z.literal('recording'), audio, leastDb: z.number() }),
]);

const utterance = { audio, text: z.string().optional() };

const step = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('say'), ...utterance }),
  z.strictObject({ type: z.literal('startSaying'), ...utterance }),
  z.strictObject({ type: z.literal('wait'), ms }),
  z.strictObject({ type: z.literal('waitUntil'), heard: sound, withinMs: ms }),
  z.strictObject({
    type: z.literal('press'),
    keys: z
      .string()
      .regex(/^[0-9A-D*#]+$/, 'must be keys 0-9, A-D, * and #')
      .max(MAX_KEYS),
  }),
  z.strictObject({ type: z.literal('interrupt'), afterMs: ms, withinMs: ms, ...utterance }),
  z.strictObject({ type: z.literal('expect'), hear: sound, withinMs: ms }),
  z.strictObject({ type: z.literal('hangUp') }),
]);

/** Steps on the wire; parsed, they are `Step`s. */
export const stepsSchema = z.array(step).max(MAX_STEPS);

/** The steps as `stepsSchema` reads them. */
export function stepsToJson(steps: readonly Step[]): z.input<typeof stepsSchema> {
  return steps.map(stepToJson);
}

function stepToJson(each: Step): z.input<typeof step> {
  switch (each.type) {
    case 'say':
    case 'startSaying':
    case 'interrupt':
      return { ...each, audio: audioToJson(each.audio) };
    case 'waitUntil':
      return { ...each, heard: soundToJson(each.heard) };
    case 'expect':
      return { ...each, hear: soundToJson(each.hear) };
    case 'wait':
    case 'press':
    case 'hangUp':
      return each;
  }
}

function soundToJson(each: Sound): z.input<typeof sound> {
  return each.type === 'recording' ? { ...each, audio: audioToJson(each.audio) } : each;
}

function audioToJson({ samples, sampleRateHz }: Audio): z.input<typeof audio> {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return { audio: bytes.toString('base64'), sampleRateHz };
}

function toSamples(bytes: Buffer): Int16Array {
  const samples = new Int16Array(bytes.length / 2);
  bytes.copy(new Uint8Array(samples.buffer));
  return samples;
}
