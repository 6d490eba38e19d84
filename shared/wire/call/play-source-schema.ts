import * as z from 'zod';
import type { PlaySource } from '../../call/operation.ts';
import { addressSchema, lineSchema, linesSchema } from './passed-on-schema.ts';

/** Longest text or SSML that ACS speaks, in characters. */
const MAX_TEXT = 4_000;

/** A language as people speak it, such as `en-US`. */
export const localeSchema = z
  .string()
  .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language such as en-US');

/** What is played, as the HTTP API and routes write it. */
export const playSourceSchema: z.ZodType<PlaySource> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    url: addressSchema('https'),
  }),
  z.strictObject({
    kind: z.literal('text'),
    text: linesSchema(MAX_TEXT),
    locale: localeSchema.exactOptional(),
    voice: lineSchema(128).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('ssml'), ssml: linesSchema(MAX_TEXT) }),
]);
