import { connect } from './callback.ts';
import type { CallEvent } from './event.ts';
import { beginHangUp, type Call, type CallStep, continues, keep, withIds } from './model.ts';
import { giveUpOperations } from './operations.ts';
import { end, finishFallback, giveUp, stream, withStreaming } from './step.ts';
import { CONFIRM_LIMIT_MS } from './streaming.ts';
import { observeStreaming } from './streaming-observed.ts';

/** What the passing of time does to a call, and what we learn by asking ACS. */

/**
 * A call that is neither connected nor given up by then was left behind. ACS itself gives up a ringing telephone
 * after 115 s.
 */
export const SETUP_LIMIT_MS = 120_000;

/** How long CallDisconnected may take after we asked ACS to hang up, before we ask again. */
const HANG_UP_LIMIT_MS = 60_000;

/**
 * How long after its longest allowed time a call counts as ended if ACS cannot be asked about it. No call of ACS
 * lasts that long.
 */
const LOST_AFTER_MS = 86_400_000;

/** How long after a call ended by an event ACS is asked about it at the latest, if it answers. */
export const CONFIRM_END_WITHIN_MS = 900_000;

/** How late the automatic start of streaming may be before the sweep makes it instead of the callback's handler. */
const RETRY_GRACE_MS = 5_000;

/** A younger call is not compared with ACS, since missing events are probably on their way. */
export const COMPARE_AFTER_MS = 30_000;

/** A call that looks fine is compared with ACS once in so many minutes. */
const COMPARE_MINUTES = 5;

const MINUTE_MS = 60_000;

export function tick(call: Call, nowMs: number): CallStep {
  switch (call.phase) {
    case 'ringing':
    case 'answering':
    case 'placing': {
      if (nowMs - call.receivedAtMs < SETUP_LIMIT_MS) return keep(call);
      const reason = 'not connected in time';
      const late: Call =
        call.direction === 'outbound' ? { ...call, failure: call.failure ?? 'no-answer' } : call;
      return call.callConnectionId === undefined
        ? keep(end(late, reason, nowMs, 'time-limit'))
        : giveUp(late, reason, nowMs, 'time-limit');
    }
    case 'ending':
      if (nowMs >= call.expiresAtMs + LOST_AFTER_MS) return keep(end(call, 'lost', nowMs, 'unknown'));
      // ACS has no known connection for it. If one turns up later, we end it then.
      if (call.callConnectionId === undefined)
        return nowMs - call.receivedAtMs < SETUP_LIMIT_MS
          ? keep(call)
          : keep(end(call, 'gone', nowMs, 'unknown'));
      return nowMs - (call.hangUpRequestedAtMs ?? 0) >= HANG_UP_LIMIT_MS
        ? beginHangUp(call, nowMs)
        : keep(call);
    case 'connected':
      return tickConnected(call, nowMs);
    case 'ended':
      return keep(call);
  }
}

function tickConnected(call: Call, nowMs: number): CallStep {
  if (nowMs >= call.expiresAtMs + LOST_AFTER_MS) return keep(end(call, 'lost', nowMs, 'unknown'));
  const operations = giveUpOperations(call.operations, nowMs);
  const tidy = operations === call.operations ? call : { ...call, operations };
  const askedAtMs = call.hangUpRequestedAtMs;
  const isOver = nowMs >= call.expiresAtMs || askedAtMs !== undefined;
  if (isOver && nowMs - (askedAtMs ?? 0) >= HANG_UP_LIMIT_MS) return beginHangUp(tidy, nowMs, 'time-limit');
  const { retryAtMs, retries } = tidy.streaming;
  if (continues(tidy) && retryAtMs !== undefined && nowMs >= retryAtMs + RETRY_GRACE_MS)
    return stream(tidy, { type: 'retryDue', retry: retries + 1 }, nowMs);
  return finishFallback(keep(tidy), nowMs);
}

/**
 * Whether to ask ACS about a call now, if the sweep runs every minute: each time for a call that waits for an event,
 * and in turn for a call that looks fine.
 */
export function isDueForComparison(call: Call, nowMs: number): boolean {
  if (call.callConnectionId === undefined || nowMs - call.receivedAtMs < COMPARE_AFTER_MS) return false;
  if (call.phase === 'ended') return call.endUnconfirmed === true;
  if (call.phase !== 'connected' || call.hangUpRequestedAtMs !== undefined) return true;
  const { state, sinceMs } = call.streaming;
  if ((state === 'starting' || state === 'stopping') && nowMs - sinceMs >= CONFIRM_LIMIT_MS) return true;
  const turn = call.callId.charCodeAt(0) % COMPARE_MINUTES;
  return Math.floor(nowMs / MINUTE_MS) % COMPARE_MINUTES === turn;
}

/** ACS has been asked about a call that had ended by an event, and has ended it too. */
export function confirmEnd(call: Call): Call {
  if (call.endUnconfirmed === undefined) return call;
  const { endUnconfirmed: _, ...confirmed } = call;
  return confirmed;
}

/**
 * Makes a call that had ended by an event agree with what ACS answered: the event may have been about another call, or
 * forged. A call that goes on is connected again, and is hung up if its time is over or it was to end.
 */
export function observeEnded(
  call: Call,
  event: Extract<CallEvent, { type: 'Observed' }>,
  nowMs: number,
): CallStep {
  if (call.endUnconfirmed === undefined) return keep(call);
  switch (event.properties.state) {
    case 'connecting':
      // It is connected or gone soon, so the next sweep asks again.
      return keep(call);
    case 'connected':
    case 'transferring':
    case 'transferAccepted':
      break;
    default:
      return keep(confirmEnd(call));
  }
  const { endedAtMs: _, endReason: _reason, failure: _failure, endedBy, ...rest } = confirmEnd(call);
  const connected: Call = { ...rest, phase: 'connected', connectedAtMs: call.connectedAtMs ?? nowMs };
  const isAsked = call.hangUpRequestedAtMs !== undefined && endedBy !== undefined;
  const live = isAsked ? { ...connected, endedBy } : connected;
  const isOver = nowMs >= live.expiresAtMs || live.hangUpRequestedAtMs !== undefined;
  return isOver ? beginHangUp(live, nowMs, 'time-limit') : observe(live, event, nowMs);
}

/** Makes the call agree with what ACS answered. */
export function observe(
  call: Call,
  { properties, askedAtMs, hasEnded = false }: Extract<CallEvent, { type: 'Observed' }>,
  nowMs: number,
): CallStep {
  if (call.callConnectionId === undefined) return keep(call);
  switch (properties.state) {
    case 'disconnected':
      return keep(end(call, 'gone', nowMs, 'unknown'));
    case 'connected':
    case 'transferring':
    case 'transferAccepted':
      break;
    // The other states lead to one of these, or are unknown.
    default:
      return keep(call);
  }
  const { serverCallId, correlationId } = properties;
  const known = isMissing(call, properties)
    ? withIds(call, {
        ...(serverCallId === undefined ? {} : { serverCallId }),
        ...(correlationId === undefined ? {} : { correlationId }),
      })
    : call;
  if (known.phase === 'ending') return keep(known);
  if (known.phase !== 'connected') return connect(known, nowMs);
  if (properties.streaming === undefined) return keep(known);
  const active = properties.streaming === 'active';
  const seen = observeStreaming(
    known.streaming,
    { active, askedAtMs, hasEnded, retry: continues(known) },
    nowMs,
  );
  return withStreaming(known, seen, nowMs);
}

function isMissing(call: Call, properties: Pick<Call, 'serverCallId' | 'correlationId'>): boolean {
  return (
    (call.serverCallId === undefined && properties.serverCallId !== undefined) ||
    (call.correlationId === undefined && properties.correlationId !== undefined)
  );
}
