import * as z from 'zod';
import { type Audio, readWav, WavError } from '../../../../shared/audio/wav.ts';
import type { PlaceCallRequest } from '../exchange/switchboard.ts';
import { invalid, parseJson } from '../http/fields.ts';

const DEFAULT_TAIL_MS = 2_000;
const DEFAULT_MAX_MS = 60_000;
export const LONGEST_MS = 60 * 60_000;
const SAMPLE_RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;
// One class without groups: a pattern of groups runs out of stack on minutes of audio. The length is checked beside it.
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const texts = z.record(z.string(), z.string()).default({});

/** What IncomingCall says otherwise. */
export const eventChanges = z.strictObject({
  data: z.record(z.string(), z.unknown()).default({}),
  without: z.array(z.string()).default([]),
});

export const maxMs = z.int().min(1).max(LONGEST_MS).default(DEFAULT_MAX_MS);

/** Members of every request for a call. */
export const callMembers = {
  from: z.string(),
  to: z.string(),
  maxMs,
  sipHeaders: texts,
  voipHeaders: texts,
  callerDisplayName: z.string().optional(),
  onBehalfOf: z.string().optional(),
  deliveries: z.int().min(1).max(10).default(1),
  event: eventChanges.optional(),
};

const spokenCall = z.strictObject({
  ...callMembers,
  tailMs: z.int().min(0).max(LONGEST_MS).default(DEFAULT_TAIL_MS),
  speech: z
    .strictObject({
      audio: z
        .string()
        .refine((text) => text.length % 4 === 0 && BASE64.test(text), 'must be base64')
        .transform((text) => Buffer.from(text, 'base64'))
        .refine((bytes) => bytes.length % 2 === 0, 'must hold whole 16-bit samples'),
      sampleRateHz: z.literal(SAMPLE_RATES),
    })
    .optional(),
});

/**
 * `POST /control/calls`, in JSON or as a form: the part `call` is that JSON, the part `speech` a WAV file to be said.
 * @throws RefusedError 400
 */
export async function readPlaceCall(body: Buffer, contentType = ''): Promise<PlaceCallRequest> {
  if (!/^multipart\/form-data/i.test(contentType)) return parsePlaceCall(parseJson(body));
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => {
      throw invalid('The request body is not a form.');
    });
  const call = form.get('call');
  const speech = form.get('speech');
  if (typeof call !== 'string') throw invalid('The form has no part call, which is JSON with from and to.');
  if (speech === null) return parsePlaceCall(parseJson(Buffer.from(call)));
  if (typeof speech === 'string')
    throw invalid('The part speech is not a file; with curl: -F speech=@hello.wav');
  return parsePlaceCall(parseJson(Buffer.from(call)), readSpeech(await speech.bytes()));
}

function readSpeech(file: Uint8Array): Audio {
  try {
    return readWav(file);
  } catch (error) {
    if (error instanceof WavError) throw invalid(`The part speech: ${error.message}`);
    throw error;
  }
}

/**
 * `POST /control/calls`: `{from, to, speech?: {audio, sampleRateHz}, tailMs?, maxMs?, sipHeaders?, voipHeaders?,
 * callerDisplayName?, onBehalfOf?, deliveries?, event?}`; `audio` is base64 of PCM16 little-endian mono.
 * @param file what is said, in the place of `speech`
 * @throws RefusedError 400
 */
function parsePlaceCall(body: unknown, file?: Audio): PlaceCallRequest {
  const { speech, tailMs, maxMs: longestMs, ...request } = parsed(spokenCall, body);
  return { ...request, phone: { speech: file ?? (speech && samplesOf(speech)), tailMs, maxMs: longestMs } };
}

/** @throws RefusedError 400 that names the field and the rule */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`The field ${issue?.path.join('.') || '(body)'}: ${issue?.message ?? 'invalid'}.`);
}

function samplesOf({ audio, sampleRateHz }: { audio: Buffer; sampleRateHz: number }) {
  const samples = new Int16Array(audio.length / 2);
  for (let index = 0; index < samples.length; index++) samples[index] = audio.readInt16LE(index * 2);
  return { samples, sampleRateHz };
}
