import { createHash } from 'node:crypto';
import type { IncomingCall } from '../adapters/acs/incoming-call.ts';
import { type AnsweredCall, AcsCallError } from '../call/acs-port.ts';
import type { Call } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import { callbackUrl, callMedia, findRoute } from './set-up-call.ts';
import type { ControlDeps, Log } from './deps.ts';
import { runCommands } from './run-commands.ts';
import { settle } from './settle.ts';

export type ActOutcome =
  | 'answered'
  | 'rejected'
  | 'redirected'
  /** ACS refused for good. */
  | 'refused';

/** Answering failed in a way that may pass: the event is to be delivered again. */
export class AnswerPostponedError extends Error {
  override readonly name = 'AnswerPostponedError';
}

export interface Claimed {
  readonly call: Call;
  readonly incoming: IncomingCall;
  /** The invocation that may act on the call. */
  readonly claim: string;
  readonly traceparent: string | undefined;
}

/**
 * Does with a call what was decided, and stores what ACS answers.
 * @throws AnswerPostponedError when a later delivery should try again.
 */
export async function actOnIncomingCall(deps: ControlDeps, claimed: Claimed, log: Log): Promise<ActOutcome> {
  const { call, claim, incoming } = claimed;
  try {
    switch (call.decision) {
      case 'answer':
        return await answer(deps, claimed, log);
      case 'reject':
        await deps.acs.reject(incoming.incomingCallContext, call.rejectReason ?? 'forbidden');
        return await done(deps, call, { type: 'RejectSucceeded', claim }, 'rejected', log);
      case 'redirect':
        await deps.acs.redirect(incoming.incomingCallContext, await targetOf(deps, call));
        return await done(deps, call, { type: 'RedirectSucceeded', claim }, 'redirected', log);
    }
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    return await failed(deps, claimed, error, log);
  }
}

async function answer(
  deps: ControlDeps,
  { call, incoming, claim, traceparent }: Claimed,
  log: Log,
): Promise<ActOutcome> {
  const { callId } = call;
  const ends = { from: incoming.from.rawId, to: incoming.to.rawId };
  const answered: AnsweredCall = await deps.acs.answer({
    incomingCallContext: incoming.incomingCallContext,
    callbackUrl: callbackUrl(deps, callId),
    operationContext: callId,
    // Whoever takes the call over after a crash is told the connection that the first attempt has made.
    repeatability: { requestId: requestIdOf(callId), firstSentMs: call.receivedAtMs },
    media: await callMedia(deps, call, ends, traceparent),
  });
  return await done(deps, call, { type: 'AnswerSucceeded', claim, ...answered }, 'answered', log);
}

/** A UUID of version 4 in form, the same for every attempt to answer a call. */
function requestIdOf(callId: string): string {
  const bytes = createHash('sha256').update(`answer ${callId}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

type Success = Extract<CallEvent, { type: 'AnswerSucceeded' | 'RejectSucceeded' | 'RedirectSucceeded' }>;

async function done(
  deps: ControlDeps,
  { callId, route }: Call,
  outcome: Success,
  what: ActOutcome,
  log: Log,
): Promise<ActOutcome> {
  const entry = { id: `${outcome.claim}:${outcome.type}`, details: {} };
  const settled = await settle(deps, callId, outcome, entry, log);
  log.info(`The call is ${what}`, {
    callId,
    route,
    callConnectionId: settled?.call.callConnectionId,
  });
  // A call that was given up meanwhile is hung up.
  if (settled !== undefined) await runCommands(deps, settled, log);
  return what;
}

/** Where a call is redirected to: a number is not kept with the call, so its route says it. */
async function targetOf(deps: Pick<ControlDeps, 'routes'>, call: Call): Promise<string> {
  const route = await findRoute(deps, call.route);
  if (route?.redirectTo !== undefined) return route.redirectTo;
  throw new AcsCallError('redirecting the call', {
    retryable: false,
    notAsked: 'the route no longer says where to redirect the call',
  });
}

async function failed(
  deps: ControlDeps,
  { call: { callId }, claim }: Claimed,
  { reason, failure }: AcsCallError,
  log: Log,
): Promise<ActOutcome> {
  const final = !failure.retryable;
  const entry = { id: `${claim}:AnswerFailed`, details: { reason, final } };
  await settle(deps, callId, { type: 'AnswerFailed', claim, final, reason }, entry, log);
  log.warn('An incoming call could not be dealt with', {
    callId,
    reason,
    status: failure.status,
    acsCode: failure.code,
  });
  if (failure.retryable) throw new AnswerPostponedError(`the call ${callId} is to be tried again: ${reason}`);
  return 'refused';
}
