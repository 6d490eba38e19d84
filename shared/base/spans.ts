/**
 * Helpers for spans (OpenTelemetry): a parent or a link from a `traceparent`, a span's own place in its trace, a
 * failure. Only the API is used: without an SDK in the process nothing is recorded.
 */
import {
  type Context,
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceparent, type TraceParent } from './traceparent.ts';

/** Where a new span belongs: to the active span, else to the one that the `traceparent` names, else to none. */
export function parentOf(traceparent: string | undefined): Context {
  const active = context.active();
  if (trace.getSpan(active) !== undefined) return active;
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
}

/** The links of a span to the one that caused it; none where nothing was recorded there. */
export function linksTo(cause: TraceParent | undefined): Link[] {
  return cause === undefined ? [] : [{ context: contextOf(cause) }];
}

/** The span as others may refer to it; undefined where it is not recorded. */
export function traceOf(span: Span): TraceParent | undefined {
  const own = span.spanContext();
  if (!span.isRecording() || !isSpanContextValid(own)) return undefined;
  return { traceId: own.traceId, spanId: own.spanId, flags: own.traceFlags };
}

/** Marks the span as failed. Of the error it keeps the kind alone, since its text may name a caller. */
export function setFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf({ traceId, spanId, flags }: TraceParent): SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}
