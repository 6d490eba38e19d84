/**
 * The span of one media stream (OpenTelemetry). It uses the API alone: without an SDK in the process, which an
 * operator may preload (`NODE_OPTIONS=--import …`), none of this does anything. A call lasts too long to be a child
 * of the request that answered it, and a trace that waits for the call would be late. So the span begins a trace of
 * its own, with a link to the one in which the call was answered.
 */
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '../../shared/base/clock.ts';
import { linksTo, traceOf } from '../../shared/base/spans.ts';
import { formatTraceparent, parseTraceparent, type TraceParent } from '../../shared/base/traceparent.ts';
import type { CallReport } from '../session/call-report.ts';

interface StreamIds {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly correlationId?: string | undefined;
  /** From the ticket. */
  readonly traceparent?: string | undefined;
}

export interface StreamSpan {
  /** Travels with `call.started`; undefined where no traces are recorded. */
  readonly traceparent: string | undefined;
  /** A turn begins in which this worker is to answer; a child of the stream's span. `startedAtMs`: since the epoch. */
  startTurn(worker: string, turn: number, startedAtMs: number): TurnSpan;
  /** The stream is over. Ids and numbers of the report become attributes, nothing else. Called once. */
  end(report: CallReport): void;
}

interface TurnSpan {
  /** Travels with the audio of this turn; undefined where no traces are recorded. */
  readonly trace: TraceParent | undefined;
  /** The worker's answer comes from this span. */
  link(from: TraceParent): void;
  /** `latencyMs`: from the start to the first audio of the answer; undefined when there was none. Called once. */
  end(latencyMs: number | undefined): void;
}

/** Causes that nobody wanted. */
const FAILURES: ReadonlySet<string> = new Set(['no sign of life', 'no audio from ACS', 'fault of the relay']);

/** Begins the span. All times come from `clock`. */
export function startStreamSpan(
  { callId, callConnectionId, correlationId, traceparent }: StreamIds,
  clock: Pick<Clock, 'nowMs'>,
): StreamSpan {
  const tracer = trace.getTracer('trunkline.relay');
  const span = tracer.startSpan('media stream', {
    kind: SpanKind.SERVER,
    startTime: clock.nowMs(),
    root: true,
    links: linksTo(traceparent === undefined ? undefined : parseTraceparent(traceparent)),
    attributes: {
      'call.id': callId,
      'acs.call_connection_id': callConnectionId,
      ...(correlationId === undefined ? {} : { 'acs.correlation_id': correlationId }),
    },
  });
  return {
    traceparent: traceparentOf(span),
    startTurn(worker, turn, startedAtMs) {
      const options = {
        kind: SpanKind.INTERNAL,
        startTime: startedAtMs,
        attributes: { 'call.id': callId, worker, 'turn.number': turn },
      };
      return turnSpan(tracer.startSpan('turn', options, trace.setSpan(ROOT_CONTEXT, span)), clock);
    },
    end(report) {
      span.setAttributes(attributesOf(report));
      if (report.endedReason !== undefined && FAILURES.has(report.endedReason))
        span.setStatus({ code: SpanStatusCode.ERROR, message: report.endedReason });
      span.end(clock.nowMs());
    },
  };
}

function turnSpan(span: Span, clock: Pick<Clock, 'nowMs'>): TurnSpan {
  return {
    trace: traceOf(span),
    link: (from) => void span.addLinks(linksTo(from)),
    end(latencyMs) {
      span.setAttribute('turn.answered', latencyMs !== undefined);
      if (latencyMs !== undefined) span.setAttribute('turn.latency_ms', Math.round(latencyMs));
      span.end(clock.nowMs());
    },
  };
}

function traceparentOf(span: Span): string | undefined {
  const found = traceOf(span);
  return found === undefined ? undefined : formatTraceparent(found);
}

function attributesOf(report: CallReport): Attributes {
  const sum = (of: (worker: CallReport['workers'][number]) => number): number =>
    report.workers.reduce((total, worker) => total + of(worker), 0);
  return {
    ...(report.endedReason === undefined ? {} : { 'stream.ended_reason': report.endedReason }),
    'stream.frames_in': report.framesIn,
    'stream.frames_out': report.framesOut,
    'stream.stop_audio': report.stopAudioSent,
    'stream.chunks_sent': sum(({ chunksSent }) => chunksSent),
    'stream.chunks_failed': sum(({ chunksFailed }) => chunksFailed),
    'stream.dropped_ms': sum(({ droppedMs }) => droppedMs),
  };
}
