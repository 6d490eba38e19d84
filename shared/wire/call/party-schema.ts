import * as z from 'zod';
import { PHONE_NUMBER_PATTERN, type RawId, telephoneRawId } from '../../call/party.ts';

/** Raw ids as ACS writes them: `4:` for telephones, `8:acs:` for users of ACS, `8:orgid:` and `28:` for Teams. */
const RAW_ID = /^(?:4:\+?[\w;.+-]{1,64}|8:[\w.:-]{1,200}|28:[\w.:-]{1,200})$/;

const RULE = 'must be a telephone number such as +14255550123, or a raw id such as 8:acs:…';

/** Somebody who can be called: a telephone number in E.164 form or a raw id. The output is always a raw id. */
export const partySchema: z.ZodType<RawId, string> = z
  .string()
  .refine((text) => PHONE_NUMBER_PATTERN.test(text) || RAW_ID.test(text), RULE)
  .transform((text) => (PHONE_NUMBER_PATTERN.test(text) ? telephoneRawId(text) : text));

/** A telephone number in E.164 form. */
export const phoneNumberSchema = z
  .string()
  .regex(PHONE_NUMBER_PATTERN, 'must be a telephone number such as +14255550123');
