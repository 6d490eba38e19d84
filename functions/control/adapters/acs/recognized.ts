/** What a `RecognizeCompleted` event says that somebody typed or said. */
import * as z from 'zod';
import { TONES } from '../../../../shared/call/operation.ts';
import type { Recognized } from '../../call/event.ts';

/** Members of the event's payload; one that is not understood counts as absent. */
export const recognizedSchema = {
  dtmfResult: z
    .object({ tones: z.array(z.enum(TONES)).max(100) })
    .optional()
    .catch(undefined),
  speechResult: z
    .object({ speech: z.string().max(10_000), confidence: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
};

const payload = z.object(recognizedSchema);

export function recognizedOf({ dtmfResult, speechResult }: z.infer<typeof payload>): Recognized | undefined {
  if (dtmfResult !== undefined) return { kind: 'dtmf', tones: dtmfResult.tones };
  if (speechResult === undefined) return undefined;
  const { speech: text, confidence } = speechResult;
  return { kind: 'speech', text, ...(confidence === undefined ? {} : { confidence }) };
}
