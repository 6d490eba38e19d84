import * as z from 'zod';
import type { RawId } from '../../call/operation.ts';

/** E.164: at most fifteen digits, the first not zero. */
const PHONE_NUMBER = /^\+[1-9]\d{1,14}$/;

/** Raw ids as ACS writes them: of telephones `4:`, of users of ACS `8:acs:`, of Teams `8:orgid:` and `28:`. */
const RAW_ID = /^(?:4:\+?[\w;.+-]{1,64}|8:[\w.:-]{1,200}|28:[\w.:-]{1,200})$/;

const RULE = 'must be a telephone number such as +14255550123, or a raw id such as 8:acs:…';

/** Somebody who can be called: a telephone number in the form of E.164, or a raw id. Becomes the raw id. */
export const partySchema: z.ZodType<RawId, string> = z
  .string()
  .refine((text) => PHONE_NUMBER.test(text) || RAW_ID.test(text), RULE)
  .transform((text) => (PHONE_NUMBER.test(text) ? `4:${text}` : text));

/** A telephone number in the form of E.164. */
export const phoneNumberSchema = z
  .string()
  .regex(PHONE_NUMBER, 'must be a telephone number such as +14255550123');
