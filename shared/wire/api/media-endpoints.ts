/** What participants hear and say apart from the streamed audio: tones, files, spoken texts, recognition. */

import * as z from 'zod';
import { TONES, type Tone } from '../../call/operation.ts';
import { partySchema } from '../call/party-schema.ts';
import { localeSchema } from '../call/play-source-schema.ts';
import { accepted } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';
import { OPERATION_PROBLEMS } from './endpoint-problems.ts';
import { playedSchema } from './parameter-schemas.ts';

const TONE_OF_KEY: Readonly<Record<string, Tone>> = {
  '0': 'zero',
  '1': 'one',
  '2': 'two',
  '3': 'three',
  '4': 'four',
  '5': 'five',
  '6': 'six',
  '7': 'seven',
  '8': 'eight',
  '9': 'nine',
  A: 'a',
  B: 'b',
  C: 'c',
  D: 'd',
  '#': 'pound',
  '*': 'asterisk',
};

/** Most tones that Azure Communication Services sends at once. */
const MAX_TONES = 18;

/** Keys of a telephone in the order in which they are pressed. The output is the tones as ACS names them. */
const keysSchema = z
  .string()
  .regex(
    new RegExp(`^[0-9A-Da-d#*]{1,${MAX_TONES}}$`),
    `must be 1 to ${MAX_TONES} of the keys 0-9, A-D, # and *`,
  )
  .transform((keys) => [...keys.toUpperCase()].flatMap((key) => TONE_OF_KEY[key] ?? []))
  .describe('Keys of a telephone: 0-9, A-D, # and *.');

const pauseMs = (max: number): z.ZodInt => z.int().min(100).max(max);

const recognizeInput = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('dtmf'),
      maxTones: z.int().min(1).max(MAX_TONES),
      stopTones: z.array(z.enum(TONES)).max(TONES.length).exactOptional(),
      interToneTimeoutMs: pauseMs(60_000).exactOptional().describe('Longest pause between two keys.'),
    }),
    z.strictObject({
      kind: z.literal('speech'),
      locale: localeSchema.exactOptional(),
      endSilenceMs: pauseMs(60_000).exactOptional().describe('The silence that ends the utterance.'),
    }),
  ],
  { error: 'kind must be "dtmf" or "speech"' },
);

export const mediaEndpoints = {
  sendDtmf: {
    method: 'POST',
    path: 'calls/{callId}/dtmf',
    tag: 'media',
    summary: 'Sends DTMF tones',
    role: 'Calls.Control',
    body: z.strictObject({ participant: partySchema, tones: keysSchema }),
    answer: accepted('The tones are being sent.'),
    problems: OPERATION_PROBLEMS,
  },
  play: {
    method: 'POST',
    path: 'calls/{callId}/play',
    tag: 'media',
    summary: 'Plays a file or speaks a text to everybody or one participant',
    role: 'Calls.Control',
    body: z.strictObject({
      source: playedSchema,
      to: partySchema.exactOptional().describe('Who hears it. Defaults to everybody.'),
      loop: z.boolean().exactOptional().describe('Repeats until it is cancelled.'),
      interrupt: z.boolean().exactOptional().describe('Ends what is playing instead of waiting for its end.'),
    }),
    answer: accepted('It is playing, or waits until what is playing has ended.'),
    problems: OPERATION_PROBLEMS,
  },
  cancelPlay: {
    method: 'POST',
    path: 'calls/{callId}/play/cancel',
    tag: 'media',
    summary: 'Stops playing and recognizing',
    role: 'Calls.Control',
    answer: accepted('Playing and recognizing are stopping.'),
    problems: OPERATION_PROBLEMS,
  },
  recognize: {
    method: 'POST',
    path: 'calls/{callId}/recognize',
    tag: 'media',
    summary: 'Recognizes keys or speech of a participant',
    role: 'Calls.Control',
    body: z.strictObject({
      participant: partySchema,
      input: recognizeInput,
      prompt: playedSchema.exactOptional().describe('Played first.'),
      initialSilenceMs: pauseMs(300_000)
        .exactOptional()
        .describe('How long to wait for the first key or word.'),
    }),
    answer: accepted('Recognition has started.'),
    problems: OPERATION_PROBLEMS,
  },
} as const satisfies EndpointTable;
