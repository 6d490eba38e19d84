/**
 * The span of one media stream (OpenTelemetry). Only the API is used: without an SDK in the process, which whoever operates it may preload
 * (`NODE_OPTIONS=--import …`), none of this does anything. A call lasts too long to be a child of the request that answered it, and a trace
 * that waits for it would be late; so the span begins a trace of its own and is linked to the one in which the call was answered.
 */
import { type Attributes, type Link, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { parseTraceparent } from '../../shared/protocol/traceparent.ts';
import type { CallReport } from '../call-report.ts';

export interface StreamIds {
  readonly callId: string;
  readonly callConnectionId: string;
  readonly correlationId?: string;
  /** From the ticket. */
  readonly traceparent?: string;
}

export interface StreamSpan {
  /** The stream is over. Ids and numbers of the report become attributes, nothing else. Called once. */
  end(report: CallReport): void;
}

/** Ends that are nobody's wish. */
const FAILURES: ReadonlySet<string> = new Set(['no sign of life']);

export function startStreamSpan({
  callId,
  callConnectionId,
  correlationId,
  traceparent,
}: StreamIds): StreamSpan {
  const span = trace.getTracer('trunkline.relay').startSpan('media stream', {
    kind: SpanKind.SERVER,
    root: true,
    links: linksTo(traceparent),
    attributes: {
      'call.id': callId,
      'acs.call_connection_id': callConnectionId,
      ...(correlationId === undefined ? {} : { 'acs.correlation_id': correlationId }),
    },
  });
  return {
    end(report) {
      span.setAttributes(attributesOf(report));
      if (report.endedReason !== undefined && FAILURES.has(report.endedReason))
        span.setStatus({ code: SpanStatusCode.ERROR, message: report.endedReason });
      span.end();
    },
  };
}

function linksTo(traceparent: string | undefined): Link[] {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  if (parent === undefined) return [];
  const { traceId, spanId, flags } = parent;
  return [{ context: { traceId, spanId, traceFlags: flags, isRemote: true } }];
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
