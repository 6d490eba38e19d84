/**
 * The span of one event of a lane (OpenTelemetry): a child of the invocation in which it came, linked to the relay's
 * turn that it is part of, or to the call's stream. Where nothing is recorded, nothing is added to any message.
 */
import { context, SpanKind, trace } from '@opentelemetry/api';
import { linksTo, parentOf, setFailed, traceOf } from '../../../shared/base/spans.ts';
import type { TraceParent } from '../../../shared/base/traceparent.ts';

interface EventSpanOptions {
  readonly worker: string;
  readonly callId: string;
  /** `audio`, or the type of the event. */
  readonly event: string;
  /** Of the invocation. */
  readonly invocation: string | undefined;
  /** Where the event comes from: the turn with which it was sent, or the stream. */
  readonly cause: TraceParent | undefined;
}

interface EventSpan {
  /** Travels with what the worker says; undefined where no traces are recorded. */
  readonly trace: TraceParent | undefined;
  /** Runs the handler so that spans of its own are children of this one. */
  run<T>(handler: () => T): T;
  /** `error`: why the event is lost. Called once. */
  end(error?: unknown): void;
}

export function startEventSpan({ worker, callId, event, invocation, cause }: EventSpanOptions): EventSpan {
  const parent = parentOf(invocation);
  const span = trace.getTracer('trunkline.worker').startSpan(
    `${worker} ${event}`,
    {
      kind: SpanKind.CONSUMER,
      links: linksTo(cause),
      attributes: { 'call.id': callId, worker, 'event.type': event },
    },
    parent,
  );
  const own = traceOf(span);
  return {
    trace: own,
    run: (handler) => (own === undefined ? handler() : context.with(trace.setSpan(parent, span), handler)),
    end(error) {
      if (error !== undefined) setFailed(span, error);
      span.end();
    },
  };
}
