import { createHash } from 'node:crypto';
import { maskParty } from '../../../shared/base/redact.ts';
import type { IncomingCall } from '../adapters/acs/incoming-call.ts';
import { type Call, type NewCall, newCall, step } from '../call/call.ts';
import { formatCallId } from '../call/call-id.ts';
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
    const known = await deps.store.get(callId);
    // Whoever acted on an earlier delivery may have ended before the entry.
    if (known !== undefined) await enter(deps, known, incoming);
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
  const { call, isOurs } = await claimCall(deps, described, claim);
  // The caller does not wait for the entry; Event Grid does, so that it is made with the next delivery where this process ends too early.
  const acting: Promise<IncomingOutcome> = isOurs
    ? actOnIncomingCall(deps, { call, incoming, claim, traceparent }, log)
    : Promise.resolve('already handled');
  const [outcome, entered] = await Promise.allSettled([acting, enter(deps, call, incoming)]);
  if (outcome.status === 'rejected') throw outcome.reason;
  if (entered.status === 'rejected') throw entered.reason;
  if (!isOurs) log.info('The call is handled already', { callId });
  return outcome.value;
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

interface ClaimedCall {
  /** As stored. */
  readonly call: Call;
  /** It is now up to this invocation to act on it. */
  readonly isOurs: boolean;
}

async function claimCall(deps: ControlDeps, fresh: Call, claim: string): Promise<ClaimedCall> {
  const first = step(fresh, { type: 'IncomingCall', claim }, deps.clock.now());
  if (await deps.store.create(first.call)) return { call: first.call, isOurs: true };
  const taken = await deps.store.update(fresh.callId, (call) =>
    step(call, { type: 'IncomingCall', claim }, deps.clock.now()),
  );
  if (taken === undefined) return { call: fresh, isOurs: false };
  return { call: taken.call, isOurs: taken.commands.length > 0 };
}

/** Every delivery makes the same entry. */
async function enter(
  deps: Pick<ControlDeps, 'store'>,
  { callId, receivedAtMs, route, decision }: Call,
  { eventId, atMs = receivedAtMs }: IncomingCall,
): Promise<void> {
  await deps.store.appendTimeline(callId, {
    id: eventId,
    atMs,
    source: 'event-grid',
    type: 'IncomingCall',
    details: { route, decision },
  });
}
