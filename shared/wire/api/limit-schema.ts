import * as z from 'zod';

/** A query parameter that bounds how many entries an answer has. */
export function limitSchema({ default: usual, max }: { readonly default: number; readonly max: number }) {
  return z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from 1 to ${max}`)
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual)
    .describe('How many entries the answer has at most.');
}
