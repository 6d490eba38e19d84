import { createHash } from 'node:crypto';
import type { PlaceCallRequest } from '../../../shared/call/operation.ts';
import { type Party, telephoneRawId } from '../../../shared/call/party.ts';
import { AcsCallError, type AnsweredCall } from '../call/acs-port.ts';
import { type Call, formatCallId, maskParty, newCall } from '../call/model.ts';
import { enter } from '../call/streaming.ts';
import type { ControlDeps, Log } from './deps.ts';
import { type OutboundBudget, tryToGiveBack } from './outbound-budget.ts';
import { recordOutcome, runCommands } from './run-commands.ts';
import { callbackUrl, callFieldsOf, callMedia, chooseRoute } from './set-up-call.ts';

interface PlacingRequest {
  readonly request: PlaceCallRequest;
  /** Defaults to the first route that matches the call. */
  readonly route?: string;
  readonly traceparent?: string;
  /**
   * Spent once a route is found and before anything is stored. If it rejects, the call is not placed. Given back if ACS
   * has certainly not placed it.
   */
  readonly budget?: Pick<OutboundBudget, 'spend'>;
}

type PlacingOutcome =
  /** The telephone rings. Callbacks report what happens next. */
  | { readonly kind: 'placing'; readonly call: Call }
  /** No route allows the call. */
  | { readonly kind: 'no route' }
  | { readonly kind: 'failed'; readonly error: AcsCallError; readonly call: Call };

/** The caller's name in our records if the call shows no number. */
const APPLICATION = 'application';

/**
 * Places a call as its route says. It is stored before ACS is asked, so that every event of ACS finds its row.
 * @throws CallStoreError before ACS was asked, and what `budget` rejects with
 */
export async function placeCall(
  deps: ControlDeps,
  { request, route: name, traceparent, budget }: PlacingRequest,
  log: Log,
): Promise<PlacingOutcome> {
  const nowMs = deps.clock.now();
  const callId = formatCallId(createHash('sha256').update(deps.newId()).digest());
  const from: Party =
    request.callerId === undefined
      ? { rawId: APPLICATION }
      : { rawId: telephoneRawId(request.callerId), phoneNumber: request.callerId };
  const to: Party = { rawId: request.to };
  const direction = 'outbound';
  const headers = { sipHeaders: {}, voipHeaders: {} };
  const route = await chooseRoute(deps, { callId, direction, from, to, ...headers, atMs: nowMs }, log, name);
  if (route?.action !== 'answer') {
    log.info('No route allows a call that the API asked for', { route: route?.name });
    return { kind: 'no route' };
  }
  const giveBack = await budget?.spend();
  const blank = newCall({
    callId,
    direction,
    ...callFieldsOf(route),
    decision: 'answer',
    from: maskParty(from.rawId),
    to: maskParty(to.rawId),
    receivedAtMs: nowMs,
    expiresAtMs: nowMs + Math.min(route.maxCallMs ?? deps.maxCallMs, deps.maxCallMs),
  });
  const call: Call = route.plan.startStreaming
    ? { ...blank, streaming: { ...enter(blank.streaming, 'starting', nowMs), requestId: callId } }
    : blank;
  try {
    await deps.store.create(call);
    await deps.store.appendTimeline(callId, {
      id: `${callId}:PlaceRequested`,
      atMs: nowMs,
      source: 'api',
      type: 'PlaceRequested',
      details: { route: route.name },
    });
  } catch (error) {
    // ACS was not asked.
    await tryToGiveBack(giveBack, callId, log);
    throw error;
  }
  let placed: AnsweredCall;
  try {
    placed = await deps.acs.place({
      ...request,
      callbackUrl: callbackUrl(deps, callId),
      operationContext: callId,
      media: await callMedia(deps, { call, route, from: from.rawId, to: to.rawId }, traceparent),
    });
  } catch (error) {
    if (!(error instanceof AcsCallError)) throw error;
    if (error.isNotDone) await tryToGiveBack(giveBack, callId, log);
    return await failed(deps, call, error, log);
  }
  const entry = { id: `${callId}:PlaceSucceeded`, details: {} };
  const recorded = await recordOutcome(deps, callId, { type: 'PlaceSucceeded', ...placed }, entry, log);
  log.info('Placed a call', { callId, callConnectionId: placed.callConnectionId, route: route.name });
  // If the call was hung up meanwhile, ACS hangs it up too.
  if (recorded !== undefined) await runCommands(deps, recorded, log);
  return { kind: 'placing', call: recorded?.call ?? call };
}

async function failed(deps: ControlDeps, call: Call, error: AcsCallError, log: Log): Promise<PlacingOutcome> {
  const { callId } = call;
  const { reason, failure } = error;
  const entry = { id: `${callId}:PlaceFailed`, details: { reason } };
  const recorded = await recordOutcome(deps, callId, { type: 'PlaceFailed', reason }, entry, log);
  log.warn('ACS did not place a call', {
    callId,
    reason,
    status: failure.status,
    acsCode: failure.code,
  });
  if (recorded !== undefined) await runCommands(deps, recorded, log);
  return { kind: 'failed', error, call: recorded?.call ?? call };
}
