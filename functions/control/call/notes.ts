import { STORED_NOTES, type WorkerNote } from '../../../shared/call/notes.ts';
import { type Call, timeOf } from './model.ts';
import { type TimelineEntry, TRANSCRIPT } from './stores.ts';

interface NoteStep {
  readonly call: Call;
  /** How many of the texts are taken. */
  readonly taken: number;
  readonly entries: readonly TimelineEntry[];
}

/**
 * Which texts of workers go into the timeline of a call: at most `STORED_NOTES` of each kind, and words that somebody
 * spoke only where the route of the call says so. A last entry says that no more will be taken.
 */
export function takeNotes(call: Call, notes: readonly WorkerNote[], nowMs: number): NoteStep {
  const counts = { note: 0, transcript: 0, ...call.notes };
  const entries: TimelineEntry[] = [];
  let taken = 0;
  for (const note of notes) {
    const { kind } = note;
    const isKept = kind === 'note' || call.plan.storeTranscripts === true;
    if (!isKept || counts[kind] >= STORED_NOTES[kind]) continue;
    counts[kind] += 1;
    taken += 1;
    const entry = entryOf(note, nowMs);
    entries.push(entry);
    if (counts[kind] === STORED_NOTES[kind])
      entries.push({
        id: `full:${kind}`,
        atMs: entry.atMs,
        source: 'control',
        type: 'NotesFull',
        details: { kind, count: counts[kind] },
      });
  }
  return { call: taken === 0 ? call : { ...call, notes: counts }, taken, entries };
}

function entryOf({ id, atMs, worker, kind, text, isCut }: WorkerNote, nowMs: number): TimelineEntry {
  return {
    // With ids of their own, texts replace no other entry.
    id: `text:${id}`,
    atMs: timeOf({ atMs }, nowMs) ?? nowMs,
    source: 'worker',
    type: kind === 'transcript' ? TRANSCRIPT : 'Note',
    details: { worker, text, ...(isCut === undefined ? {} : { isCut }) },
  };
}
