import { type Call, type CallStep, isDueForComparison, step } from '../../../shared/core/call.ts';
import type { CallEvent } from '../../../shared/core/call-event.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';

/** Calls looked at in one sweep; the rest wait for the next one. */
const MAX_SWEPT = 1_000;

/** Calls dealt with at the same time. */
const AT_A_TIME = 8;

export interface Swept {
  readonly looked: number;
  /** Calls that ACS was asked about. */
  readonly compared: number;
  readonly changed: number;
  readonly failed: number;
}

/**
 * Ends what was left behind (calls that never connected, that lasted too long or that nobody reported as ended), makes overdue retries, and
 * makes our calls agree with what ACS says of them: those that it does not know have ended, those that it has connected are connected.
 */
export async function sweepCalls(deps: ControlDeps, log: Log): Promise<Swept> {
  const calls = await deps.store.listLive(MAX_SWEPT);
  let compared = 0;
  let changed = 0;
  let failed = 0;
  const waiting = calls[Symbol.iterator]();
  const sweepInTurn = async (): Promise<void> => {
    for (const call of waiting) {
      try {
        const { asked, changes } = await sweepCall(deps, call, log);
        if (asked) compared += 1;
        if (changes) changed += 1;
      } catch (error) {
        // One call that cannot be dealt with does not keep the others waiting; the next sweep comes back to it.
        failed += 1;
        log.error('A call could not be swept', { callId: call.callId, why: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, sweepInTurn));
  return { looked: calls.length, compared, changed, failed };
}

async function sweepCall(
  deps: ControlDeps,
  listed: Call,
  log: Log,
): Promise<{ asked: boolean; changes: boolean }> {
  const nowMs = deps.clock.now();
  let call = listed;
  let changes = false;
  const apply = async (event: CallEvent, type: string): Promise<void> => {
    // Most calls are as they should be: they cost no more than having been listed.
    if (step(call, event, deps.clock.now()).call === call) return;
    const before = call;
    const swept = await sweep(deps, call.callId, event, type, log);
    if (swept === undefined) return;
    call = swept.call;
    changes ||= swept.call !== before;
  };
  await apply({ type: 'Tick' }, 'Swept');
  const asked = isDueForComparison(call, nowMs) && call.callConnectionId !== undefined;
  if (asked && call.callConnectionId !== undefined) {
    const askedAtMs = deps.clock.now();
    const properties = await deps.control.properties(call.callConnectionId);
    await apply(
      properties === undefined ? { type: 'CallGone' } : { type: 'Observed', properties, askedAtMs },
      'Compared',
    );
  }
  return { asked, changes };
}

async function sweep(
  deps: ControlDeps,
  callId: string,
  event: CallEvent,
  type: string,
  log: Log,
): Promise<CallStep | undefined> {
  const nowMs = deps.clock.now();
  let isChanged = false;
  const swept = await deps.store.update(callId, (now) => {
    const made = step(now, event, nowMs);
    isChanged = made.call !== now;
    return made;
  });
  if (swept === undefined || !isChanged) return swept;
  const { phase, streaming, endReason } = swept.call;
  const commands = swept.commands.map((command) => command.type).join(',');
  log.warn('A call was not as it should be', {
    callId,
    found: type,
    state: phase,
    streaming: streaming.state,
    reason: endReason,
    commands,
  });
  await deps.store.appendTimeline(callId, {
    id: deps.newId(),
    atMs: nowMs,
    source: 'control',
    type,
    details: {
      state: phase,
      streaming: streaming.state,
      ...(endReason === undefined ? {} : { reason: endReason }),
    },
  });
  await runCommands(deps, swept, log);
  return swept;
}
