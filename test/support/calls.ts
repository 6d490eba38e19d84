import { step } from '../../functions/control/call/call.ts';
import type { Callback, CallbackKind, CallEvent } from '../../functions/control/call/event.ts';
import { type Call, type CallStep, newCall } from '../../functions/control/call/model.ts';
import type { CallPlan } from '../../shared/call/plan.ts';

/** A moment at which the tests of calls begin. */
export const T0 = Date.UTC(2026, 10, 22, 12);

export const CALL_ID = 'aaaabbbbccccddddaaaabbbbccccdddd';

export const CONNECTION_ID = '18dea47f-b081-4107-9a5c-4300819d2c6c';

export const PLAN: CallPlan = {
  format: 'pcm16KMono',
  channels: 'mixed',
  startStreaming: true,
  dtmf: false,
  workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
};

export function aCall(fields: Partial<Call> = {}): Call {
  return {
    ...newCall({
      callId: CALL_ID,
      route: 'everyone',
      decision: 'answer',
      plan: PLAN,
      from: '…0123',
      to: '…0199',
      receivedAtMs: T0,
      expiresAtMs: T0 + 3_600_000,
    }),
    ...fields,
  };
}

let counter = 0;

export function aCallback(kind: CallbackKind, fields: Partial<Callback> = {}): CallEvent {
  counter += 1;
  return {
    type: 'Callback',
    callback: {
      id: `event-${counter}`,
      kind,
      type: kind,
      callConnectionId: CONNECTION_ID,
      details: {},
      ...fields,
    },
  };
}

/** The call after these events, each a second after the last, and the commands of the last one. */
export function callAfter(call: Call, ...events: readonly CallEvent[]): CallStep {
  return events.reduce<CallStep>((before, event, index) => step(before.call, event, T0 + index * 1_000), {
    call,
    commands: [],
  });
}
