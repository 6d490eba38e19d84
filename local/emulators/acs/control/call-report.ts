import type { AnswerCounts, Call, CallOutcome, EventDelivery } from '../call/call.ts';
import type { MediaStreamReport } from '../media/port.ts';

/**
 * A call as the control surface shows it. Times are milliseconds after the phone began to ring, except where the name
 * says otherwise.
 */
export interface CallReport {
  readonly id: string;
  readonly state: Call['state'];
  /** Present once the call has ended. */
  readonly outcome?: CallOutcome | undefined;
  readonly from: string;
  readonly to: string;
  readonly correlationId: string;
  readonly serverCallId: string;
  /** Present once the call has been answered. */
  readonly callConnectionId?: string | undefined;
  readonly ringingAt: string;
  readonly answeredAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  /** How many different answerCall requests came for this call. */
  readonly answers: AnswerCounts;
  /** Present where the call was answered with media streaming options. */
  readonly mediaSubscription?: { readonly id: string; readonly state: string } | undefined;
  readonly sampleRateHz?: number | undefined;
  /** When the first telephone first spoke and heard: with the stream that begins with the call, or without one. */
  readonly mediaStartedMs?: number | undefined;
  /** From then to the first sample of the application that was heard. */
  readonly firstAudioMs?: number | undefined;
  /** The longest hole between the first and the last audio of the application that was heard. */
  readonly longestGapMs: number;
  /** All such holes together. */
  readonly gapsMs: number;
  /** Keys (0-9, A-D, `*`, `#`) that the application sent to the caller with sendDtmfTones. */
  readonly keysHeard: string;
  /** Media sockets of the call, oldest first. */
  readonly streams: readonly MediaStreamReport[];
  /** Final results of transcription that the application was sent, oldest first. */
  readonly transcript: readonly string[];
  readonly levels: { readonly saidDbfs: number; readonly heardDbfs: number };
  readonly events: readonly ReportedEvent[];
}

interface ReportedEvent {
  readonly atMs: number;
  readonly type: string;
  /** Attempts so far, at all who receive it, and what the last one was answered with. */
  readonly attempts: number;
  readonly result?: EventDelivery['result'];
}

export function reportCall(call: Call): CallReport {
  const since = (atMs: number): number => Math.round(atMs - call.ringingAtMs);
  const sinceIf = (atMs: number | undefined) => (atMs === undefined ? undefined : since(atMs));
  const { meter, ids, connection } = call;
  const { mediaStartedAtMs, firstAudioAtMs } = meter;
  return {
    id: ids.id,
    state: call.state,
    outcome: call.endedAtMs === undefined ? undefined : call.outcome,
    from: call.from.rawId,
    to: call.to.rawId,
    correlationId: ids.correlationId,
    serverCallId: ids.serverCallId,
    callConnectionId: connection?.callConnectionId,
    ringingAt: new Date(call.ringingAtMs).toISOString(),
    answeredAtMs: sinceIf(call.answeredAtMs),
    endedAtMs: sinceIf(call.endedAtMs),
    answers: call.answers,
    mediaSubscription: connection?.subscription,
    sampleRateHz: meter.sampleRateHz,
    mediaStartedMs: sinceIf(mediaStartedAtMs),
    firstAudioMs:
      mediaStartedAtMs === undefined || firstAudioAtMs === undefined
        ? undefined
        : Math.round(firstAudioAtMs - mediaStartedAtMs),
    longestGapMs: Math.round(meter.longestGapMs),
    gapsMs: Math.round(meter.gapsMs),
    keysHeard: meter.keysHeard,
    streams: call.streamReports(),
    transcript: connection?.operations.transcription.transcript ?? [],
    levels: meter.levels(),
    events: call.events.map(({ atMs, type, delivery: { attempts, result } }) => ({
      atMs: since(atMs),
      type,
      attempts,
      result,
    })),
  };
}
