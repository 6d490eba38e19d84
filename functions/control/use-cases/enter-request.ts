import { type CallStep, step } from '../call/call.ts';
import type { TimelineEntry } from '../call/stores.ts';
import type { CallEvent } from '../call/event.ts';
import type { ControlDeps } from './deps.ts';
import type { RefusedRequest } from './unmet-request.ts';

/** The events by which a request has a call changed. */
export type RequestEvent = Extract<
  CallEvent,
  {
    readonly type:
      | 'StartRequested'
      | 'StopRequested'
      | 'RestartRequested'
      | 'HangUpRequested'
      | 'OperationRequested';
  }
>;

export type EnteredRequest = { readonly kind: 'entered' } & Pick<CallStep, 'call' | 'commands'>;

/**
 * Enters a request in its call, where the state of that allows it, and then in the timeline, under the id of the event.
 * @returns The call with the request, and what is to be asked of ACS for it.
 * @throws CallStoreError
 */
export async function enterRequest(
  deps: Pick<ControlDeps, 'store' | 'clock'>,
  callId: string,
  event: RequestEvent,
  details: TimelineEntry['details'],
): Promise<EnteredRequest | RefusedRequest> {
  const asked = await deps.store.update(callId, (call) => step(call, event, deps.clock.now()));
  if (asked === undefined) return { kind: 'unknown call' };
  const { call, commands, refusal } = asked;
  if (refusal !== undefined) return { kind: 'refused', refusal, call };
  await deps.store.appendTimeline(callId, {
    id: event.id,
    atMs: deps.clock.now(),
    source: 'api',
    type: event.type,
    details,
  });
  return { kind: 'entered', call, commands };
}
