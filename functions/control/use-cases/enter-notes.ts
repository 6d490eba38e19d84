import type { WorkerNote } from '../../../shared/call/notes.ts';
import { takeNotes } from '../call/notes.ts';
import type { ControlDeps, Log } from './deps.ts';

/**
 * Enters what workers of a call have published in its timeline, also after its end: the last texts come then. They are
 * counted first, so that the bound holds whatever fails. A relay that sends the same texts again replaces them.
 * @returns how many were taken; undefined if there is no such call
 * @throws CallStoreError
 */
export async function enterNotes(
  { store, clock }: Pick<ControlDeps, 'store' | 'clock'>,
  callId: string,
  notes: readonly WorkerNote[],
  log: Log,
): Promise<number | undefined> {
  const nowMs = clock.now();
  const made = await store.update(callId, (call) => takeNotes(call, notes, nowMs));
  if (made === undefined) return undefined;
  const { taken, entries } = made;
  if (entries.length > 0) await store.putTimeline(callId, entries);
  const left = notes.length - taken;
  if (left > 0) log.warn('Texts of workers are not in the timeline of a call', { callId, left });
  return taken;
}
