import { createHash } from 'node:crypto';
import type { Party } from '../../../shared/call/party.ts';
import type { CallRoute, Headers } from '../../../shared/call/route.ts';
import { AcsCallError } from '../call/acs-port.ts';
import { step } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import { type Call, formatCallId, maskParty, newCall, timeOf } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import { recordOutcome, runCommands } from './run-commands.ts';
import { type ActingRoute, callbackUrl, callFieldsOf, callMedia, chooseRoute } from './set-up-call.ts';

/** A call that comes in, as Event Grid reports it. */
export interface IncomingCall {
  readonly eventId: string;
  /** When the call came in, in milliseconds since the epoch, if the event says so. */
  readonly atMs?: number;
  /** How ACS names the call until it is answered: opaque, secret, up to some kilobytes. */
  readonly incomingCallContext: string;
  readonly from: Party;
  readonly to: Party;
  readonly serverCallId?: string;
  readonly correlationId?: string;
  /** Custom headers of the call. They may hold anything, so they are neither stored nor logged. */
  readonly sipHeaders: Headers;
  readonly voipHeaders: Headers;
}

/** How long a phone rings. Nobody can answer the call of an older event any more. */
const RING_MS = 30_000;

type ActOutcome =
  | 'answered'
  | 'rejected'
  | 'redirected'
  /** ACS refused for good. */
  | 'refused';

type IncomingOutcome =
  | ActOutcome
  /** Another invocation has answered or is answering, or the call is over. */
  | 'already handled'
  | 'stale'
  | 'no route';

/** Answering failed, but a later attempt may succeed: Event Grid has to deliver the event again. */
class AnswerPostponedError extends Error {
  override readonly name = 'AnswerPostponedError';
}

/** The id of the call that ACS names by this context: the same in every delivery of its event. */
export function callIdOfContext(incomingCallContext: string): string {
  return formatCallId(createHash('sha256').update(incomingCallContext).digest());
}

/**
 * Answers, rejects or redirects a call as its route says, once, however often its event is delivered. The call is
 * stored before ACS is asked, and its row decides which of several invocations acts.
 * @throws AnswerPostponedError, CallStoreError if a later delivery should try again
 */
export async function receiveIncomingCall(
  deps: ControlDeps,
  incoming: IncomingCall,
  log: Log,
  traceparent?: string,
): Promise<IncomingOutcome> {
  const nowMs = deps.clock.now();
  const callId = callIdOfContext(incoming.incomingCallContext);
  const saidMs = timeOf(incoming, nowMs);
  // Without a possible time, the call has been ringing since its first event arrived.
  const arrivedMs = saidMs ?? (await deps.store.get(callId))?.receivedAtMs ?? nowMs;
  if (nowMs - arrivedMs > RING_MS) {
    const known = await deps.store.get(callId);
    // The invocation of an earlier delivery may have ended before it wrote the timeline entry.
    if (known !== undefined) await writeArrival(deps, known, incoming);
    log.info('Dropped the event of an incoming call because it is too old', {
      callId,
      ageMs: nowMs - arrivedMs,
    });
    return 'stale';
  }
  const chosen = await chooseRoute(deps, { ...incoming, callId, direction: 'inbound', atMs: nowMs }, log);
  // A stored call keeps its route, even if the routes or their capacity have changed since the first delivery.
  const described =
    chosen === undefined ? await deps.store.get(callId) : describe(deps, incoming, chosen, callId, nowMs);
  if (described === undefined) {
    log.info('No route matches the incoming call, so it is left ringing', { callId });
    return 'no route';
  }
  const claim = deps.newId();
  const { call, isOurs } = await claimCall(deps, described, claim);
  const act = async (): Promise<IncomingOutcome> => {
    if (!isOurs) return 'already handled';
    const route = chosen?.name === call.route ? chosen : await routeNamed(deps, call.route, log);
    return await actOnCall(deps, { call, route, incoming, claim, traceparent }, log);
  };
  // The caller does not wait for the timeline entry, but Event Grid does: if this process dies first, the next
  // delivery writes it.
  const [outcome, written] = await Promise.allSettled([act(), writeArrival(deps, call, incoming)]);
  if (outcome.status === 'rejected') throw outcome.reason;
  if (written.status === 'rejected') throw written.reason;
  if (!isOurs) log.info('Another invocation handles the incoming call', { callId });
  return outcome.value;
}

function describe(
  deps: ControlDeps,
  incoming: IncomingCall,
  route: ActingRoute,
  callId: string,
  nowMs: number,
): Call {
  const { eventId, from, to, serverCallId, correlationId } = incoming;
  const call = newCall({
    callId,
    ...callFieldsOf(route),
    decision: route.action,
    from: maskParty(from.rawId),
    to: maskParty(to.rawId),
    receivedAtMs: nowMs,
    expiresAtMs: nowMs + Math.min(route.maxCallMs ?? deps.maxCallMs, deps.maxCallMs),
  });
  return {
    ...call,
    arrival: { eventId, atMs: timeOf(incoming, nowMs) ?? nowMs },
    ...(serverCallId === undefined ? {} : { serverCallId }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

interface ClaimedCall {
  /** As stored. */
  readonly call: Call;
  /** This invocation is the one to act on it. */
  readonly isOurs: boolean;
}

async function claimCall(deps: ControlDeps, fresh: Call, claim: string): Promise<ClaimedCall> {
  const first = step(fresh, { type: 'IncomingCall', claim }, deps.clock.now());
  if (await deps.store.create(first.call)) return { call: first.call, isOurs: true };
  const claimed = await deps.store.update(fresh.callId, (call) =>
    step(call, { type: 'IncomingCall', claim }, deps.clock.now()),
  );
  if (claimed === undefined) return { call: fresh, isOurs: false };
  return { call: claimed.call, isOurs: claimed.commands.length > 0 };
}

/**
 * The route of a call that an earlier delivery stored, as it is now: destinations and addresses are not stored with
 * the call.
 */
async function routeNamed({ routes }: ControlDeps, name: string, log: Log): Promise<CallRoute | undefined> {
  return (await routes.current(log)).find((route) => route.name === name);
}

/**
 * Every delivery writes the same timeline entry, also one that comes as an event of another id. Rows of earlier
 * versions do not say which event was the first.
 */
async function writeArrival(
  deps: Pick<ControlDeps, 'store'>,
  { callId, receivedAtMs, arrival, route, decision }: Call,
  incoming: IncomingCall,
): Promise<void> {
  const { eventId } = arrival ?? incoming;
  await deps.store.appendTimeline(callId, {
    id: eventId,
    atMs: arrival?.atMs ?? timeOf(incoming, receivedAtMs) ?? receivedAtMs,
    source: 'event-grid',
    type: 'IncomingCall',
    details: { route, decision },
  });
}

interface Claimed {
  readonly call: Call;
  /** The call's route, unless it was deleted meanwhile. */
  readonly route: CallRoute | undefined;
  readonly incoming: IncomingCall;
  /** The invocation that may act on the call. */
  readonly claim: string;
  readonly traceparent: string | undefined;
}

/**
 * Does what was decided about a call, and stores how ACS answered. @throws AnswerPostponedError if a later delivery
 * should try again
 */
async function actOnCall(deps: ControlDeps, claimed: Claimed, log: Log): Promise<ActOutcome> {
  const { call, claim, incoming, route, traceparent } = claimed;
  const { callId } = call;
  const { incomingCallContext } = incoming;
  try {
    switch (call.decision) {
      case 'answer': {
        const answered = await deps.acs.answer({
          incomingCallContext,
          callbackUrl: callbackUrl(deps, callId),
          operationContext: callId,
          // An invocation that takes the call over after a crash gets the connection that the first attempt made.
          repeatability: { requestId: requestIdOf(callId), firstSentMs: call.receivedAtMs },
          media: await callMedia(
            deps,
            { call, route, from: incoming.from.rawId, to: incoming.to.rawId },
            traceparent,
          ),
        });
        return await succeeded(deps, call, { type: 'AnswerSucceeded', claim, ...answered }, 'answered', log);
      }
      case 'reject':
        await deps.acs.reject(incomingCallContext, call.rejectReason ?? 'forbidden');
        return await succeeded(deps, call, { type: 'RejectSucceeded', claim }, 'rejected', log);
      case 'redirect':
        await deps.acs.redirect(incomingCallContext, redirectTarget(route));
        return await succeeded(deps, call, { type: 'RedirectSucceeded', claim }, 'redirected', log);
    }
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    return await failed(deps, claimed, error, log);
  }
}

/** A UUID of version 4 in form, the same in every attempt to answer the call. */
function requestIdOf(callId: string): string {
  const bytes = createHash('sha256').update(`answer ${callId}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function redirectTarget(route: CallRoute | undefined): string {
  if (route?.redirectTo !== undefined) return route.redirectTo;
  throw new AcsCallError('redirecting the call', {
    retryable: false,
    notAsked: 'the route no longer says where to redirect the call',
  });
}

type Success = Extract<CallEvent, { type: 'AnswerSucceeded' | 'RejectSucceeded' | 'RedirectSucceeded' }>;

async function succeeded(
  deps: ControlDeps,
  { callId, route }: Call,
  event: Success,
  outcome: ActOutcome,
  log: Log,
): Promise<ActOutcome> {
  const entry = { id: `${event.claim}:${event.type}`, details: {} };
  const recorded = await recordOutcome(deps, callId, event, entry, log);
  log.info(`The call is ${outcome}`, { callId, route, callConnectionId: recorded?.call.callConnectionId });
  // A call that was given up meanwhile is hung up.
  if (recorded !== undefined) await runCommands(deps, recorded, log);
  return outcome;
}

async function failed(
  deps: ControlDeps,
  { call: { callId, decision }, claim }: Claimed,
  { reason, failure }: AcsCallError,
  log: Log,
): Promise<ActOutcome> {
  const final = !failure.retryable;
  const entry = { id: `${claim}:AnswerFailed`, details: { reason, final } };
  await recordOutcome(deps, callId, { type: 'AnswerFailed', claim, final, reason }, entry, log);
  log.warn(`ACS did not ${decision} an incoming call`, {
    callId,
    reason,
    status: failure.status,
    acsCode: failure.code,
  });
  if (failure.retryable)
    throw new AnswerPostponedError(`ACS did not ${decision} the call ${callId} yet: ${reason}`);
  return 'refused';
}
