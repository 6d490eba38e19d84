/** What who is called gets to see of who calls. */
import * as z from 'zod';
import { phoneNumberSchema } from '../call/party-schema.ts';

export const callerIdSchema = phoneNumberSchema.describe(
  'A telephone number of the Communication Services resource; needed to call a telephone.',
);

export const displayNameSchema = z.string().min(1).max(256).describe('Shown where names are shown.');
