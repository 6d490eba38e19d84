import { createHash } from 'node:crypto';
import { type Call, newCall, step } from '../../../shared/core/call.ts';
import { type AnsweredCall, CallControlError } from '../../../shared/core/call-control.ts';
import type { CallEvent } from '../../../shared/core/call-event.ts';
import { formatCallId } from '../../../shared/core/call-id.ts';
import { CallStoreError } from '../../../shared/core/call-store.ts';
import type { IncomingCall } from '../../../shared/protocol/incoming-call.ts';
import { mediaPath } from '../../../shared/protocol/names.ts';
import { maskParty } from '../../../shared/protocol/redact.ts';
import { signTicket } from '../../../shared/protocol/ticket.ts';
import { parseTraceparent } from '../../../shared/protocol/traceparent.ts';
import { type ActingRoute, chooseRoute } from './choose-route.ts';
import type { ControlDeps, Log } from './deps.ts';

/** How long a phone rings: an older event is about a call that nobody can answer any more. */
export const RING_MS = 30_000;

export type IncomingOutcome =
  | 'answered'
  | 'rejected'
  /** Somebody else has answered, is answering, or the call is over. */
  | 'already handled'
  | 'stale'
  | 'no route'
  /** ACS refused for good. */
  | 'refused';

/** Answering failed in a way that may pass: the event is to be delivered again. */
export class AnswerPostponedError extends Error {
  override readonly name = 'AnswerPostponedError';
}

/** The id of the call that ACS names by this context, the same in every delivery. */
export function callIdOf(incomingCallContext: string): string {
  return formatCallId(createHash('sha256').update(incomingCallContext).digest());
}

/**
 * Answers or rejects a call as its route says, once, however often its event is delivered. The call is stored before ACS is asked;
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
  if (route?.action === 'redirect') {
    log.error('not supported: redirecting a call; it is left ringing', { callId, route: route.name });
    return 'no route';
  }
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
  return call.decision === 'answer'
    ? await answer(deps, call, incoming, claim, log, traceparent)
    : await reject(deps, call, incoming, claim, log);
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
    route: route.name,
    decision,
    plan: route.plan,
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

async function answer(
  deps: ControlDeps,
  call: Call,
  { incomingCallContext, from, to }: IncomingCall,
  claim: string,
  log: Log,
  traceparent: string | undefined,
): Promise<IncomingOutcome> {
  const { callId, plan, expiresAtMs } = call;
  const isTraced = traceparent !== undefined && parseTraceparent(traceparent) !== undefined;
  const ticket = await signTicket(
    { callId, from: from.rawId, to: to.rawId, plan, expiresAtMs, ...(isTraced ? { traceparent } : {}) },
    deps.ticketKey,
    deps.clock.now(),
  );
  let answered: AnsweredCall;
  try {
    answered = await deps.control.answer({
      incomingCallContext,
      callbackUrl: `${deps.publicBaseUrl}/api/callbacks/${callId}`,
      operationContext: callId,
      media: { transportUrl: `${deps.relayUrl}${mediaPath(callId, ticket)}`, plan },
    });
  } catch (error) {
    return await failed(deps, callId, claim, error, log);
  }
  await settle(deps, callId, { type: 'AnswerSucceeded', claim, ...answered }, log);
  log.info('The call is answered', {
    callId,
    callConnectionId: answered.callConnectionId,
    route: call.route,
  });
  return 'answered';
}

async function reject(
  deps: ControlDeps,
  { callId, route }: Call,
  { incomingCallContext }: IncomingCall,
  claim: string,
  log: Log,
): Promise<IncomingOutcome> {
  try {
    await deps.control.reject(incomingCallContext, 'forbidden');
  } catch (error) {
    return await failed(deps, callId, claim, error, log);
  }
  await settle(deps, callId, { type: 'RejectSucceeded', claim }, log);
  log.info('The call is rejected', { callId, route });
  return 'rejected';
}

async function failed(
  deps: ControlDeps,
  callId: string,
  claim: string,
  error: unknown,
  log: Log,
): Promise<IncomingOutcome> {
  if (!(error instanceof CallControlError)) throw error;
  const { reason, failure } = error;
  await settle(deps, callId, { type: 'AnswerFailed', claim, final: !failure.retryable, reason }, log);
  log.warn('The call could not be answered or rejected', {
    callId,
    reason,
    status: failure.status,
    acsCode: failure.code,
  });
  if (failure.retryable) throw new AnswerPostponedError(`the call ${callId} is to be tried again: ${reason}`);
  return 'refused';
}

type Outcome = Extract<CallEvent, { type: 'AnswerSucceeded' | 'AnswerFailed' | 'RejectSucceeded' }>;

/**
 * Stores what ACS answered. Where that fails the call goes on regardless: ACS has acted, its callbacks name the connection,
 * and another delivery could only answer a second time.
 */
async function settle(deps: ControlDeps, callId: string, outcome: Outcome, log: Log): Promise<void> {
  const nowMs = deps.clock.now();
  try {
    await deps.store.update(callId, (call) => step(call, outcome, nowMs));
    await deps.store.appendTimeline(callId, {
      id: `${outcome.claim}:${outcome.type}`,
      atMs: nowMs,
      source: 'control',
      type: outcome.type,
      details: outcome.type === 'AnswerFailed' ? { reason: outcome.reason, final: outcome.final } : {},
    });
  } catch (error) {
    if (!(error instanceof CallStoreError)) throw error;
    log.error('What ACS answered could not be stored', { callId, outcome: outcome.type, why: error.message });
  }
}
