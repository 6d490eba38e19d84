import * as z from 'zod';
import type { PlaySource } from '../../call/operation.ts';

/** Longest text or SSML that ACS speaks, in characters. */
const MAX_TEXT = 4_000;

const MAX_URL = 2_048;

/** A language as people speak it, such as `en-US`. */
export const localeSchema = z
  .string()
  .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language such as en-US');

/** What is played, as the HTTP API and routes write it. */
export const playSourceSchema: z.ZodType<PlaySource> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .max(MAX_URL, `must have at most ${MAX_URL} characters`),
  }),
  z.strictObject({
    kind: z.literal('text'),
    text: z.string().min(1).max(MAX_TEXT),
    locale: localeSchema.exactOptional(),
    voice: z.string().min(1).max(128).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('ssml'), ssml: z.string().min(1).max(MAX_TEXT) }),
]);
