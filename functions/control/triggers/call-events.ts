/** Callback events of Call Automation: ACS sends an array of one or several CloudEvents per request. */
import type { HttpHandler } from '@azure/functions';
import * as z from 'zod';
import { TONES } from '../../../shared/call/operation.ts';
import type { PlacingFailure } from '../../../shared/call/states.ts';
import { TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { type ControlApp, type LoadControlApp, loadForRequest } from '../app.ts';
import { CALLBACK_KINDS, type Callback, type CallbackKind, type Recognized } from '../call/event.ts';
import { OPERATION_RESULTS } from '../call/operations.ts';
import { callIdOfPath, httpHandler, readJson } from '../http/invocation.ts';
import { callNotFound, unauthorized } from '../http/problems.ts';
import { applyCallbacks } from '../use-cases/apply-callbacks.ts';

/** Largest body of a callback, in bytes. */
const MAX_BODY_BYTES = 1_048_576;

/** The callback of ACS. It verifies the caller first, and answers 200 once the events are stored and acted upon. */
export function callEvents(load: LoadControlApp): HttpHandler {
  return httpHandler(async (request, log) => {
    const app = await loadForRequest(load, 'nothing', log);
    await checkCaller(app, request.headers.get('authorization') ?? undefined);
    const callId = callIdOfPath(request);
    const { callbacks, ignored } = parseCallbacks(await readJson(request, MAX_BODY_BYTES));
    if (ignored > 0)
      log.warn('Ignored entries of a callback that are malformed or too many', { callId, ignored });
    if (!(await applyCallbacks(app.deps, callId, callbacks, log))) throw callNotFound();
    return { status: 200 };
  });
}

async function checkCaller(app: ControlApp, authorization: string | undefined): Promise<void> {
  try {
    await app.acsTokens.verify(authorization, app.deps.clock.now());
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw unauthorized('a token of Azure Communication Services', error.reason);
  }
}

const PREFIX = 'Microsoft.Communication.';

/** Longest id, state or time, in characters. */
const MAX_TEXT = 2_048;
/** Longest message, in characters. */
const MAX_MESSAGE = 10_000;
/** Most participants that are counted: more than a call of ACS can have. */
const MAX_PARTICIPANTS = 1_000;

/** Most entries of one request that are read. ACS sends a few. */
const MAX_ENTRIES = 100;
/** Most events of unknown types that one request brings into the timeline. */
const MAX_UNKNOWN = 8;

const text = z.string().max(MAX_TEXT).optional().catch(undefined);
const message = z.string().max(MAX_MESSAGE).optional().catch(undefined);
const number = z.number().optional().catch(undefined);

/** Members of the event's payload. A member that is malformed or too long is ignored. */
const recognizedSchema = {
  dtmfResult: z
    .object({ tones: z.array(z.enum(TONES)).max(100) })
    .optional()
    .catch(undefined),
  speechResult: z
    .object({ speech: z.string().max(MAX_MESSAGE), confidence: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
};

const payload = z
  .object({
    callConnectionId: text,
    serverCallId: text,
    correlationId: text,
    resultInformation: z.object({ code: number, subCode: number, message }).optional().catch(undefined),
    mediaStreamingUpdate: z
      .object({ mediaStreamingStatus: text, mediaStreamingStatusDetails: message })
      .optional()
      .catch(undefined),
    transcriptionUpdate: z
      .object({ transcriptionStatus: text, transcriptionStatusDetails: message })
      .optional()
      .catch(undefined),
    participants: z
      .array(z.object({ isOnHold: z.boolean().optional().catch(undefined) }).catch({}))
      .max(MAX_PARTICIPANTS)
      .optional()
      .catch(undefined),
    operationContext: text,
    invitationId: text,
    failedPlaySourceIndex: number,
    sequenceNumber: number,
    sequenceId: number,
    recognitionType: text,
    recordingId: text,
    state: text,
    startDateTime: text,
    ...recognizedSchema,
  })
  .catch({});

const cloudEvent = z.object({
  id: z.string().min(1).max(256),
  type: z.string().startsWith(PREFIX).max(128),
  time: text,
  data: payload,
});

type Payload = z.infer<typeof payload>;

/**
 * The events of a request body in their order, and how many entries are not among them: malformed ones, and those
 * beyond what one request may bring. An event of an unknown type gets the kind `other`. Never throws.
 */
export function parseCallbacks(body: unknown): { callbacks: Callback[]; ignored: number } {
  const entries: readonly unknown[] = Array.isArray(body) ? body : [body];
  const callbacks: Callback[] = [];
  let unknown = 0;
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    const callback = parseCallback(entry);
    if (callback === undefined) continue;
    if (callback.kind === 'other') unknown += 1;
    if (callback.kind !== 'other' || unknown <= MAX_UNKNOWN) callbacks.push(callback);
  }
  return { callbacks, ignored: entries.length - callbacks.length };
}

function parseCallback(value: unknown): Callback | undefined {
  const parsed = cloudEvent.safeParse(value);
  if (!parsed.success) return undefined;
  const { id, type: fullType, time, data } = parsed.data;
  const type = fullType.slice(PREFIX.length);
  if (!/^[A-Za-z]+$/.test(type)) return undefined;
  const kind = kindOf(type);
  // Without a connection id we cannot tell whether the event is about the connection of this call.
  if (kind !== 'other' && kind !== 'RecordingStateChanged' && data.callConnectionId === undefined)
    return undefined;
  // A recording is on the call by a connection of its own.
  const callConnectionId = kind === 'RecordingStateChanged' ? undefined : data.callConnectionId;
  const atMs = time === undefined ? Number.NaN : Date.parse(time);
  const reason = reasonOf(data);
  const operationId = operationIdOf(type, data);
  return {
    id,
    kind,
    type,
    details: { ...(operationId === undefined ? {} : { operationId }), ...detailsOf(data) },
    ...(Number.isNaN(atMs) ? {} : { atMs }),
    ...(callConnectionId === undefined ? {} : { callConnectionId }),
    ...(data.serverCallId === undefined ? {} : { serverCallId: data.serverCallId }),
    ...(data.correlationId === undefined ? {} : { correlationId: data.correlationId }),
    ...(reason === '' ? {} : { reason }),
    ...(operationId === undefined ? {} : { operationId }),
    ...particularsOf(kind, data),
  };
}

/** The form of the operation contexts that we give. */
const OPERATION_ID = /^op-[A-Za-z0-9-]{1,64}$/;

/**
 * The operation that an event is about. The contexts of streaming events belong to the application and are not kept.
 */
function operationIdOf(type: string, { operationContext = '' }: Payload): string | undefined {
  const isOfOperation = Object.hasOwn(OPERATION_RESULTS, type) || type === 'PlayStarted';
  return isOfOperation && OPERATION_ID.test(operationContext) ? operationContext : undefined;
}

type Particulars = Pick<Callback, 'invitationId' | 'failure' | 'recording' | 'participants' | 'recognized'>;

/** What only some events have. */
function particularsOf(kind: Callback['kind'], data: Payload): Particulars {
  const { invitationId, recordingId, state, participants, sequenceNumber } = data;
  const found: { -readonly [name in keyof Particulars]: Particulars[name] } = {};
  switch (kind) {
    case 'CancelAddParticipantSucceeded':
      if (invitationId !== undefined) found.invitationId = invitationId;
      break;
    case 'CreateCallFailed':
    case 'CallDisconnected': {
      const failure = placingFailureOf(data.resultInformation);
      if (failure !== undefined) found.failure = failure;
      break;
    }
    case 'RecordingStateChanged':
      if (recordingId !== undefined && state !== undefined && !hasNotBegun(data))
        found.recording = { id: recordingId, active: state.toLowerCase() === 'active' };
      break;
    case 'ParticipantsUpdated':
      if (participants !== undefined)
        found.participants = {
          count: participants.length,
          held: participants.filter(({ isOnHold }) => isOnHold === true).length,
          ...(sequenceNumber === undefined ? {} : { sequence: sequenceNumber }),
        };
      break;
    case 'RecognizeCompleted': {
      const recognized = recognizedOf(data);
      if (recognized !== undefined) found.recognized = recognized;
      break;
    }
    // The other events say everything by their kind and context.
    default:
      break;
  }
  return found;
}

/** ACS reports a recording as inactive just before it begins, with .NET's least date: nothing has ended. */
function hasNotBegun({ state, startDateTime }: Payload): boolean {
  return state?.toLowerCase() !== 'active' && startDateTime?.startsWith('0001-01-01T') === true;
}

function kindOf(type: string): CallbackKind | 'other' {
  if (Object.hasOwn(OPERATION_RESULTS, type)) return type as keyof typeof OPERATION_RESULTS;
  return CALLBACK_KINDS.find((kind) => kind === type) ?? 'other';
}

function reasonOf({ resultInformation, mediaStreamingUpdate, transcriptionUpdate }: Payload): string {
  const details =
    mediaStreamingUpdate?.mediaStreamingStatusDetails ?? transcriptionUpdate?.transcriptionStatusDetails;
  const codes = [resultInformation?.code, resultInformation?.subCode].filter((code) => code !== undefined);
  return [codes.join('/'), details ?? '']
    .map(safeText)
    .filter((part) => part !== '')
    .join(' ');
}

/**
 * What may be kept of an event: codes, states and counts. Participants and numbers, tones and recognized speech
 * (callers enter PINs), operation contexts (they belong to the application) and URLs are left out on purpose.
 */
function detailsOf(data: Payload): Record<string, string | number | boolean> {
  const details: Record<string, string | number | undefined> = {
    code: data.resultInformation?.code,
    subCode: data.resultInformation?.subCode,
    message: data.resultInformation?.message,
    status: data.mediaStreamingUpdate?.mediaStreamingStatus ?? data.transcriptionUpdate?.transcriptionStatus,
    statusDetails:
      data.mediaStreamingUpdate?.mediaStreamingStatusDetails ??
      data.transcriptionUpdate?.transcriptionStatusDetails,
    participants: data.participants?.length,
    sequenceNumber: data.sequenceNumber,
    sequenceId: data.sequenceId,
    recognitionType: data.recognitionType,
    failedPlaySourceIndex: data.failedPlaySourceIndex,
    recordingState: data.recordingId === undefined ? undefined : data.state,
  };
  return Object.fromEntries(
    Object.entries(details)
      .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
      .map(([name, value]) => [name, typeof value === 'string' ? safeText(value) : value]),
  );
}

function recognizedOf({ dtmfResult, speechResult }: Payload): Recognized | undefined {
  if (dtmfResult !== undefined) return { kind: 'dtmf', tones: dtmfResult.tones };
  if (speechResult === undefined) return undefined;
  const { speech: text, confidence } = speechResult;
  return { kind: 'speech', text, ...(confidence === undefined ? {} : { confidence }) };
}

interface ResultCodes {
  readonly code?: number | undefined;
  readonly subCode?: number | undefined;
}

/** Subcodes of Call Automation for a callee who was not reached, from its troubleshooting guide. */
const DECLINED = 8538;
const BUSY = 8539;
const UNAVAILABLE = 8541;

/** SIP statuses (RFC 3261) that a result may have as its code: ACS passes on what the telephone network answered. */
const BUSY_STATUS = new Set([486, 600]);
const DECLINED_STATUS = new Set([603, 607, 608]);
const NO_ANSWER_STATUS = new Set([408]);
const NOT_REACHABLE_STATUS = new Set([404, 410, 480, 484, 604]);

/** Why placing a call failed, by the codes of its end; undefined if they do not say. */
function placingFailureOf({ code, subCode }: ResultCodes = {}): PlacingFailure | undefined {
  if (subCode === DECLINED) return 'declined';
  if (subCode === BUSY) return 'busy';
  if (code !== undefined) {
    if (BUSY_STATUS.has(code)) return 'busy';
    if (DECLINED_STATUS.has(code)) return 'declined';
    if (NO_ANSWER_STATUS.has(code)) return 'no-answer';
    if (NOT_REACHABLE_STATUS.has(code)) return 'not-reachable';
  }
  return subCode === UNAVAILABLE ? 'not-reachable' : undefined;
}

/** Longest text that is kept, in characters. */
const MAX_SAFE = 200;

/** Characters of a text that are looked at. The patterns take quadratic time, so nothing longer may reach them. */
const MAX_READ = 1_000;

/** The end of a cut text, which may be a part of something that its pattern would remove as a whole. */
const CUT_EDGE = 65;

/**
 * A text of ACS without what must not be kept: URLs (they may contain tickets), long runs of digits (numbers) and of
 * letters (tokens). At most 200 characters, of the first 1,000 of the text.
 */
export function safeText(text: string): string {
  const safe = text
    .slice(0, MAX_READ)
    .replaceAll(/\S+:\/\/\S+/g, '[url]')
    .replaceAll(/\+?\d[\d\s().-]{5,}\d/g, '[number]')
    .replaceAll(/\S{65,}/g, '[text]');
  return (text.length > MAX_READ ? safe.slice(0, -CUT_EDGE) : safe).slice(0, MAX_SAFE);
}
