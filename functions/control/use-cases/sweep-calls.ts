import { step } from '../../../shared/core/call.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';

/** Calls looked at in one sweep; the rest wait for the next one. */
const MAX_SWEPT = 1_000;

/** Ends what was left behind: calls that never connected, that lasted too long or that nobody reported as ended; retries that are overdue. */
export async function sweepCalls(
  deps: ControlDeps,
  log: Log,
): Promise<{ looked: number; changed: number; failed: number }> {
  const calls = await deps.store.listLive(MAX_SWEPT);
  let changed = 0;
  let failed = 0;
  for (const call of calls) {
    const { callId } = call;
    const nowMs = deps.clock.now();
    if (step(call, { type: 'Tick' }, nowMs).call === call) continue;
    try {
      const swept = await deps.store.update(callId, (now) => step(now, { type: 'Tick' }, nowMs));
      if (swept === undefined) continue;
      changed += 1;
      log.warn('A call was left behind', {
        callId,
        state: swept.call.phase,
        reason: swept.call.endReason,
        commands: swept.commands.map(({ type }) => type).join(','),
      });
      await deps.store.appendTimeline(callId, {
        id: deps.newId(),
        atMs: nowMs,
        source: 'control',
        type: 'Swept',
        details: swept.call.endReason === undefined ? {} : { reason: swept.call.endReason },
      });
      await runCommands(deps, swept, log);
    } catch (error) {
      // One call that cannot be dealt with does not keep the others waiting; the next sweep comes back to it.
      failed += 1;
      log.error('A call could not be swept', { callId, why: String(error) });
    }
  }
  return { looked: calls.length, changed, failed };
}
