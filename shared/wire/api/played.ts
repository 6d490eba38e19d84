import { playSourceSchema } from '../call/play-source-schema.ts';

/** What is played, under the name that it has in the API's description. */
export const playedSchema = playSourceSchema.meta({ id: 'PlaySource' });
