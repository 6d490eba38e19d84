import * as z from 'zod';
import type { Tone } from '../../call/operation.ts';

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
export const MAX_TONES = 18;

/** Keys of a telephone in the order in which they are pressed. The output is the tones as ACS names them. */
export const keysSchema = z
  .string()
  .regex(
    new RegExp(`^[0-9A-Da-d#*]{1,${MAX_TONES}}$`),
    `must be 1 to ${MAX_TONES} of the keys 0-9, A-D, # and *`,
  )
  .transform((keys) => [...keys.toUpperCase()].flatMap((key) => TONE_OF_KEY[key] ?? []))
  .describe('Keys of a telephone: 0-9, A-D, # and *.');
