import type { Call, CallCommand, CallStep } from './model.ts';

/** ACS is asked to end the call, where it has a connection of it; the time is kept so that it is asked again if nothing comes of it. */
export function hangUp(call: Call, nowMs: number): CallStep {
  const commands: CallCommand[] =
    call.callConnectionId === undefined ? [] : [{ type: 'hangUp', forEveryone: call.leavesOthers !== true }];
  return { call: { ...call, hangUpRequestedAtMs: nowMs }, commands };
}

/** Whether the call goes on, so that what it lacks is worth another attempt. */
export function continues(call: Call): boolean {
  return (
    call.phase === 'connected' &&
    call.callConnectionId !== undefined &&
    call.hangUpRequestedAtMs === undefined
  );
}
