/**
 * The span of one event of a lane (OpenTelemetry): a child of the invocation in which it came, linked to the turn of the relay that it is part of, or to
 * the call's stream. Only the API is used: without an SDK in the process nothing is recorded, and nothing is added to any message.
 */
import {
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceparent, type TraceParent } from '../../../shared/base/traceparent.ts';

export interface EventSpanOptions {
  readonly worker: string;
  readonly callId: string;
  /** `audio`, or the type of the event. */
  readonly event: string;
  /** Of the invocation. */
  readonly invocation: string | undefined;
  /** Where the event comes from: the turn with which it was sent, or the stream. */
  readonly cause: TraceParent | undefined;
}

export interface EventSpan {
  /** To travel with what the worker says; undefined where no traces are recorded. */
  readonly trace: TraceParent | undefined;
  /** Runs the handler so that spans of its own are children of this one. */
  run<T>(handler: () => T): T;
  /** `error`: why the event is lost; of it only the kind is told. Called once. */
  end(error?: unknown): void;
}

export function startEventSpan({ worker, callId, event, invocation, cause }: EventSpanOptions): EventSpan {
  const active = context.active();
  const parent = trace.getSpan(active) === undefined ? remote(invocation) : active;
  const span = trace.getTracer('trunkline.worker').startSpan(
    `${worker} ${event}`,
    {
      kind: SpanKind.CONSUMER,
      links: linksTo(cause),
      attributes: { 'call.id': callId, worker, 'event.type': event },
    },
    parent,
  );
  const own = span.spanContext();
  const isRecorded = span.isRecording() && isSpanContextValid(own);
  return {
    trace: isRecorded ? { traceId: own.traceId, spanId: own.spanId, flags: own.traceFlags } : undefined,
    run: (handler) => (isRecorded ? context.with(trace.setSpan(parent, span), handler) : handler()),
    end(error) {
      if (error !== undefined) {
        span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function remote(traceparent: string | undefined) {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
}

function linksTo(cause: TraceParent | undefined): Link[] {
  return cause === undefined ? [] : [{ context: toSpanContext(cause) }];
}

function toSpanContext({ traceId, spanId, flags }: TraceParent): SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}
