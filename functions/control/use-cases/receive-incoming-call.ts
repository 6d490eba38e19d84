import { createHash } from 'node:crypto';
import { type Call, type NewCall, newCall, step } from '../../../shared/core/call.ts';
import { formatCallId } from '../../../shared/core/call-id.ts';
import type { IncomingCall } from '../../../shared/protocol/incoming-call.ts';
import { maskParty } from '../../../shared/protocol/redact.ts';
import { type ActOutcome, actOnIncomingCall } from './act-on-incoming-call.ts';
import { type ActingRoute, chooseRoute } from './choose-route.ts';
import type { ControlDeps, Log } from './deps.ts';

/** How long a phone rings: an older event is about a call that nobody can answer any more. */
export const RING_MS = 30_000;

export type IncomingOutcome =
  | ActOutcome
  /** Somebody else has answered, is answering, or the call is over. */
  | 'already handled'
  | 'stale'
  | 'no route';

/** The id of the call that ACS names by this context, the same in every delivery. */
export function callIdOf(incomingCallContext: string): string {
  return formatCallId(createHash('sha256').update(incomingCallContext).digest());
}

/**
 * Answers, rejects or redirects a call as its route says, once, however often its event is delivered. The call is stored before ACS is asked;
 * the row decides who of several invocations acts.
 * @throws AnswerPostponedError, CallStoreError when a later delivery should try again.
 */
export async function receiveIncomingCall(
  deps: ControlDeps,
  incoming: IncomingCall,
  log: Log,
  traceparent?: string,
): Promise<IncomingOutcome> {
  const nowMs = deps.clock.now();
  const callId = callIdOf(incoming.incomingCallContext);
  if (incoming.atMs !== undefined && nowMs - incoming.atMs > RING_MS) {
    log.info('A stale call was dropped', { callId, ageMs: nowMs - incoming.atMs });
    return 'stale';
  }
  const route = await chooseRoute(deps, { ...incoming, callId, direction: 'inbound', atMs: nowMs });
  // A call that is known keeps its route, even where the routes, or the room on them, have changed since its first delivery.
  const described =
    route === undefined
      ? await deps.store.get(callId)
      : describe(deps, incoming, route, route.action, callId, nowMs);
  if (described === undefined) {
    log.info('No route is for this call: it is left ringing', { callId });
    return 'no route';
  }
  const claim = deps.newId();
  const call = await claimCall(deps, described, incoming, claim);
  if (call === undefined) {
    log.info('The call is handled already', { callId });
    return 'already handled';
  }
  return await actOnIncomingCall(deps, { call, incoming, claim, traceparent }, log);
}

function describe(
  deps: ControlDeps,
  { from, to, serverCallId, correlationId }: IncomingCall,
  route: ActingRoute,
  decision: Call['decision'],
  callId: string,
  nowMs: number,
): Call {
  const call = newCall({
    callId,
    ...routed(route),
    decision,
    from: maskParty(from.rawId),
    to: maskParty(to.rawId),
    receivedAtMs: nowMs,
    expiresAtMs: nowMs + Math.min(route.maxCallMs ?? deps.maxCallMs, deps.maxCallMs),
  });
  return {
    ...call,
    ...(serverCallId === undefined ? {} : { serverCallId }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** What a call takes over from its route. */
export function routed({
  name,
  plan,
  rejectReason,
  onStreamingFailed,
}: ActingRoute): Pick<NewCall, 'route' | 'plan' | 'rejectReason' | 'onStreamingFailed'> {
  return {
    route: name,
    plan,
    ...(rejectReason === undefined ? {} : { rejectReason }),
    ...(onStreamingFailed === undefined ? {} : { onStreamingFailed }),
  };
}

/** The call as stored, if it is now up to this invocation to act on it. */
async function claimCall(
  deps: ControlDeps,
  fresh: Call,
  incoming: IncomingCall,
  claim: string,
): Promise<Call | undefined> {
  const { callId } = fresh;
  const nowMs = deps.clock.now();
  const first = step(fresh, { type: 'IncomingCall', claim }, nowMs);
  const isNew = await deps.store.create(first.call);
  const taken = isNew
    ? first
    : await deps.store.update(callId, (call) =>
        step(call, { type: 'IncomingCall', claim }, deps.clock.now()),
      );
  await deps.store.appendTimeline(callId, {
    id: incoming.eventId,
    atMs: incoming.atMs ?? fresh.receivedAtMs,
    source: 'event-grid',
    type: 'IncomingCall',
    details: { route: fresh.route, decision: fresh.decision },
  });
  return taken !== undefined && taken.commands.length > 0 ? taken.call : undefined;
}
