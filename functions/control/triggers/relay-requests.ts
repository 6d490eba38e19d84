/**
 * What relays ask for over HTTP. Each request carries a proof that the relay has signed for this action on its call
 * with the key of the call's ticket. The handler checks it before it reads anything else of the request.
 */
import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { MAX_HANDOVER_CHARS, openHandover } from '../../../shared/wire/relay/stream-handover.ts';
import { MAX_NOTES_BYTES, parseWorkerNotes } from '../../../shared/wire/relay/worker-notes.ts';
import { type RelayAction, verifyRelayProof } from '../../../shared/wire/signed/relay-proof.ts';
import { bearerToken, TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { RateLimiter } from '../access/rate-limiter.ts';
import { type ControlApp, type LoadControlApp, loadForRequest } from '../app.ts';
import type { Call } from '../call/model.ts';
import { restartWaitMs } from '../call/streaming.ts';
import { callIdOfPath, httpHandler, readJson, readText } from '../http/invocation.ts';
import { callNotFound, ProblemError, toProblem, unauthorized } from '../http/problems.ts';
import type { Log } from '../use-cases/deps.ts';
import { enterNotes } from '../use-cases/enter-notes.ts';
import { type CallAction, requestCallAction } from '../use-cases/request-call-action.ts';
import { takeStreamReport } from '../use-cases/take-stream-report.ts';

/**
 * Stops a call's streaming and starts it again, so that ACS opens a new media stream. A relay asks for it before it
 * stops. 429 with `Retry-After` if the call was restarted too often lately.
 */
export function restartMediaStreaming(load: LoadControlApp): HttpHandler {
  return relayHandler(load, 'restart', (app, callId, _request, log) =>
    act(app, callId, { type: 'RestartRequested' }, log),
  );
}

/** Ends a call in which nobody has said anything for as long as its route allows. 422 if its route sets no time. */
export function endIdleCall(load: LoadControlApp): HttpHandler {
  return relayHandler(load, 'idle', async (app, callId, _request, log) => {
    const { plan } = await liveCall(app, callId);
    if (plan.idleMs === undefined)
      throw new ProblemError(
        'operation-not-possible',
        'Silence does not end this call: its route sets no idleSeconds.',
      );
    return await act(app, callId, { type: 'HangUpRequested', by: 'silence' }, log);
  });
}

/** A relay says that it no longer streams a call (`streamReportPath`). */
export function streamReport(load: LoadControlApp, report: 'ended' | 'lost'): HttpHandler {
  return relayHandler(load, report, async ({ deps }, callId, _request, log) => {
    if (!(await takeStreamReport(deps, callId, report, log))) throw callNotFound();
    return { status: 202 };
  });
}

/** Enters what workers of a call have published in its timeline. */
export function workerNotes(load: LoadControlApp): HttpHandler {
  return relayHandler(load, 'notes', async ({ deps }, callId, request, log) => {
    const notes = parseWorkerNotes(await readJson(request, MAX_NOTES_BYTES));
    if (notes === undefined)
      throw new ProblemError('invalid-request', 'The body must have texts of workers as a relay sends them.');
    const stored = await enterNotes(deps, callId, notes, log);
    if (stored === undefined) throw callNotFound();
    return { status: 200, jsonBody: { stored } };
  });
}

/** The answer has no body: a relay learns nothing about the call that it does not know. */
async function act(app: ControlApp, callId: string, action: CallAction, log: Log): Promise<HttpResponseInit> {
  const outcome = await requestCallAction(app.deps, callId, action, log);
  if (outcome.kind === 'refused' && outcome.refusal === 'too-many-requests')
    throw restartedTooOften(outcome.call, app.deps.clock.now());
  if (outcome.kind !== 'accepted') throw toProblem(outcome);
  return { status: 202 };
}

function restartedTooOften({ streaming }: Call, nowMs: number): ProblemError {
  const waitMs = restartWaitMs(streaming, nowMs);
  return tooOften('The streaming of this call was restarted too often lately.', waitMs);
}

function askedTooOften(waitMs: number): ProblemError {
  return tooOften('Relays ask for this too often about this call.', waitMs);
}

function tooOften(detail: string, waitMs: number): ProblemError {
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1_000)));
  return new ProblemError('too-many-requests', detail, {}, { 'retry-after': retryAfter });
}

/**
 * Stores what one media stream of a call leaves for the next, while the call lasts: `PUT` replaces what is older, and
 * answers 409 if a newer one is stored; `GET` answers it, or 204 if there is none.
 */
export function streamHandover(load: LoadControlApp): HttpHandler {
  const actionOf = ({ method }: HttpRequest): RelayAction =>
    method === 'PUT' ? 'store-handover' : 'read-handover';
  return relayHandler(load, actionOf, async (app, callId, request) => {
    const { handovers } = app;
    if (request.method === 'PUT') {
      const { sealed, version } = await readSealed(app, callId, request);
      // The body may take its time, and the call may end meanwhile.
      await liveCall(app, callId);
      if (await handovers.put(callId, sealed, version)) return { status: 204 };
      throw new ProblemError('handover-outdated', 'A newer handover of this call is stored.');
    }
    // ACS waits for the stream that waits for this.
    const [sealed] = await Promise.all([handovers.get(callId), liveCall(app, callId)]);
    const headers = { 'cache-control': 'no-store' };
    return sealed === undefined
      ? { status: 204, headers }
      : { status: 200, headers: { ...headers, 'content-type': 'application/jose' }, body: sealed };
  });
}

/** The call, if it has not ended. @throws ProblemError */
async function liveCall({ deps }: ControlApp, callId: string): Promise<Call> {
  const call = await deps.store.get(callId);
  if (call === undefined) throw callNotFound();
  if (call.phase === 'ended') throw toProblem({ kind: 'refused', refusal: 'call-ended', call });
  return call;
}

/** How far the clock of a relay may be ahead of ours: its time is the version of its handover. */
const MAX_AHEAD_MS = 60_000;

/** Opens the handover, so that nothing is stored which the next relay could not use, or could never replace. */
async function readSealed(
  { ticketKeys, deps }: ControlApp,
  callId: string,
  request: HttpRequest,
): Promise<{ readonly sealed: string; readonly version: number }> {
  // It is ASCII, so that it has as many bytes as characters.
  const sealed = await readText(request, { maxBytes: MAX_HANDOVER_CHARS });
  const handover = await openHandover(sealed, callId, ticketKeys, deps.clock.now());
  if (handover === undefined || handover.version > deps.clock.now() + MAX_AHEAD_MS)
    throw new ProblemError(
      'invalid-request',
      'A handover must be one that a relay has sealed for this call by now.',
    );
  return { sealed, version: handover.version };
}

/** The rate of one action on one call: more than a relay needs whose streams come and go. */
const REQUESTS_PER_MINUTE = 20;
/** Such requests that are allowed at once after a pause. */
const BURST = 10;
/** Calls whose rates an instance of the app remembers for each door. */
const MAX_CALLS = 10_000;

/**
 * An HTTP handler that runs only for a relay that proves to stream the call in the path, and not faster than the rate.
 * A request without a proof costs nothing of it.
 */
function relayHandler(
  load: LoadControlApp,
  action: RelayAction | ((request: HttpRequest) => RelayAction),
  run: (app: ControlApp, callId: string, request: HttpRequest, log: Log) => Promise<HttpResponseInit>,
): HttpHandler {
  const rate = new RateLimiter({ perMinute: REQUESTS_PER_MINUTE, burst: BURST, maxCallers: MAX_CALLS });
  return httpHandler(async (request, log) => {
    const app = await loadForRequest(load, 'nothing', log);
    const callId = callIdOfPath(request);
    const asked = typeof action === 'string' ? action : action(request);
    await checkProof(app, { callId, action: asked }, request.headers.get('authorization'));
    const waitMs = rate.take(`${callId} ${asked}`, app.deps.clock.now());
    if (waitMs > 0) throw askedTooOften(waitMs);
    return await run(app, callId, request, log);
  });
}

async function checkProof(
  { ticketKeys, deps }: ControlApp,
  asked: { readonly callId: string; readonly action: RelayAction },
  authorization: string | null,
): Promise<void> {
  try {
    const proof = bearerToken(authorization, 'relay proof');
    await verifyRelayProof(proof, asked, ticketKeys, deps.clock.now());
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw unauthorized('the proof of a relay that streams the call, for this action', error.reason);
  }
}
