import type * as z from 'zod';
import type { CallReport } from '../../../local/emulators/acs/control/call-report.ts';
import type { callEndpoints } from '../../../shared/wire/api/call-endpoints.ts';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import type { AcsCall, SentEvent } from './acs-record.ts';

/** A call of the product with its timeline. */
export type ProductCall = z.output<typeof callEndpoints.getCall.answer.schema>;

/** The two sides of a run when everything has come to rest. */
export interface Evidence {
  readonly acsCalls: Iterable<AcsCall>;
  readonly acsEvents: Iterable<SentEvent>;
  /** What the emulator counts of the answers to calls that rang. */
  readonly answers: Iterable<Pick<CallReport, 'id' | 'answers'>>;
  /** How often each telephone has rung that was called, and how often that was asked for. */
  readonly rings: ReadonlyMap<string, { readonly rang: number; readonly called: number }>;
  readonly productCalls: readonly ProductCall[];
  /** Operations that the HTTP API has accepted, with the call that each is about. */
  readonly acceptedOperations: ReadonlyMap<string, string>;
}

/** Where live calls differ between ACS and the product, in sentences. */
export function disagreements(acsCalls: Iterable<AcsCall>, productCalls: Iterable<CallView>): string[] {
  const found: string[] = [];
  const byConnection = new Map<string, CallView>();
  for (const call of productCalls) {
    const { callId, callConnectionId, state } = call;
    if (callConnectionId === undefined) {
      if (state !== 'ended') found.push(`the call ${callId} is ${state} though ACS has no connection of it`);
    } else if (byConnection.has(callConnectionId)) {
      found.push(`the connection ${callConnectionId} belongs to two calls`);
    } else {
      byConnection.set(callConnectionId, call);
    }
  }
  for (const acs of acsCalls) {
    const { id, callConnectionId, state } = acs;
    const call = callConnectionId === undefined ? undefined : byConnection.get(callConnectionId);
    if (callConnectionId !== undefined) byConnection.delete(callConnectionId);
    const isOver = state === 'disconnected';
    if (state === 'ringing') found.push(`the call ${id} still rings at ACS`);
    else if (call === undefined && !isOver)
      found.push(`the call ${id} is ${state} at ACS, and the product does not know it`);
    else if (call !== undefined && call.state !== (isOver ? 'ended' : state))
      found.push(`the call ${call.callId} is ${call.state}, and ${state} at ACS`);
    else if (call !== undefined) found.push(...streamingDisagreement(acs, call));
  }
  for (const { callId, state } of byConnection.values())
    if (state !== 'ended') found.push(`the call ${callId} is ${state}, and ACS knows nothing of it`);
  return found;
}

function streamingDisagreement({ media, state: acsState }: AcsCall, call: CallView): string[] {
  const { state } = call.streaming;
  const isStreaming = media === 'active' && acsState === 'connected';
  if (isStreaming ? state === 'active' : state === 'inactive' || state === 'failed') return [];
  return [`the streaming of the call ${call.callId} is ${state}, and ${media ?? 'none'} at ACS`];
}

/** Everything that is not as it must be after a run, in sentences; empty when all is well. */
export function judge(evidence: Evidence): string[] {
  const { acsCalls, productCalls } = evidence;
  return [
    ...disagreements(acsCalls, productCalls),
    ...orphans(evidence),
    ...doubleAnswers(evidence),
    ...lostEvents(evidence),
    ...lostOperations(evidence),
  ];
}

/** Connections that ACS has had and that no call of the product names. */
function orphans({ acsCalls, productCalls }: Evidence): string[] {
  const known = new Set(productCalls.map(({ callConnectionId }) => callConnectionId));
  return [...acsCalls]
    .filter(({ callConnectionId }) => callConnectionId !== undefined && !known.has(callConnectionId))
    .map(({ id }) => `the call ${id} had a connection that no call of the product names`);
}

function doubleAnswers({ answers, rings, productCalls }: Evidence): string[] {
  const found: string[] = [];
  for (const { id, answers: counts } of answers)
    if (counts.accepted > 1) found.push(`the call ${id} was answered ${counts.accepted} times`);
  for (const [number, { rang, called }] of rings)
    if (rang > called) found.push(`the telephone ${number}, called ${called} times, rang ${rang} times`);
  for (const { callId, timeline } of productCalls) {
    for (const type of ['AnswerSucceeded', 'PlaceSucceeded', 'RejectSucceeded']) {
      const times = timeline.filter((entry) => entry.source === 'control' && entry.type === type).length;
      if (times > 1) found.push(`the call ${callId} has ${type} ${times} times in its timeline`);
    }
  }
  return found;
}

/** Every event that was acknowledged is in a timeline, and each once. */
function lostEvents({ acsEvents, productCalls }: Evidence): string[] {
  const found: string[] = [];
  const entries = new Map<string, string | undefined>();
  for (const { callId, callConnectionId, timeline, timelineTruncated } of productCalls) {
    if (timelineTruncated) found.push(`the timeline of the call ${callId} is longer than was read`);
    for (const { id, source, type } of timeline) {
      if (source !== 'acs' && source !== 'event-grid') continue;
      if (entries.has(id)) found.push(`the event ${type} ${id} is told twice (call ${callId})`);
      entries.set(id, callConnectionId);
    }
  }
  for (const { id, type, callConnectionId, acknowledged } of acsEvents) {
    if (!entries.has(id)) {
      if (acknowledged) found.push(`the event ${type} ${id} was acknowledged and is in no timeline`);
    } else if (callConnectionId !== undefined && entries.get(id) !== callConnectionId) {
      found.push(`the event ${type} ${id} is in the timeline of another call`);
    }
  }
  return found;
}

/**
 * What the API has accepted is in the call's account and timeline, and nothing of a call that has ended is still
 * awaited.
 */
function lostOperations({ acceptedOperations, productCalls }: Evidence): string[] {
  const found: string[] = [];
  const byId = new Map(productCalls.map((call) => [call.callId, call]));
  for (const [operationId, callId] of acceptedOperations) {
    const call = byId.get(callId);
    const isTold = call?.timeline.some(({ details }) => details['operationId'] === operationId);
    const isKnown = call?.operations.some(({ id }) => id === operationId);
    if (!(isTold && isKnown))
      found.push(`the operation ${operationId} of the call ${callId} was accepted and is not told of`);
  }
  for (const { callId, state, operations, recording, transcription, held } of productCalls) {
    if (state !== 'ended') continue;
    if (operations.some((operation) => operation.state === 'pending'))
      found.push(`the call ${callId} has ended, and an operation of it is pending`);
    if (recording.state !== 'inactive')
      found.push(`the call ${callId} has ended, and its recording is ${recording.state}`);
    if (transcription.state !== 'inactive' && transcription.state !== 'failed')
      found.push(`the call ${callId} has ended, and its transcription is ${transcription.state}`);
    if (held !== 0) found.push(`the call ${callId} has ended, and ${held} of it are on hold`);
  }
  return found;
}
