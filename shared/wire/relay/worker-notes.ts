/** Texts that workers publish, as a relay sends them to the control app. */
import * as z from 'zod';
import { MAX_NOTE_CHARS, type WorkerNote } from '../../call/notes.ts';
import { TEXT_KINDS } from '../../call/plan.ts';
import { WORKER_NAME_PATTERN } from '../names.ts';

/** Texts in one request. */
export const MAX_NOTES_PER_REQUEST = 20;

/** Longest such request: JSON may need six bytes for a character. */
export const MAX_NOTES_BYTES = MAX_NOTES_PER_REQUEST * (6 * MAX_NOTE_CHARS + 512);

const workerNote: z.ZodType<WorkerNote> = z.object({
  id: z.string().min(1).max(64),
  atMs: z.int().nonnegative(),
  worker: z.string().regex(WORKER_NAME_PATTERN),
  kind: z.enum(TEXT_KINDS),
  text: z.string().max(MAX_NOTE_CHARS),
  isCut: z.literal(true).exactOptional(),
});

const workerNotes = z.object({ notes: z.array(workerNote).min(1).max(MAX_NOTES_PER_REQUEST) });

/** Undefined for anything else. */
export function parseWorkerNotes(value: unknown): readonly WorkerNote[] | undefined {
  return workerNotes.safeParse(value).data?.notes;
}
