/** A span for each invocation of this app's functions (OpenTelemetry), a child of the trace that the host names. */

import {
  app,
  type FunctionHandler,
  type InvocationContext,
  type PreInvocationContext,
} from '@azure/functions';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { parentOf, setFailed } from '../shared/base/spans.ts';

const SERVER_ERRORS = 500;

/** Traces every function of the app, whatever triggers it. */
export function traceInvocations(role: 'control' | 'worker'): void {
  app.hook.preInvocation((invocation: PreInvocationContext) => {
    invocation.functionHandler = traced(role, invocation.functionHandler);
  });
}

/** The same handler within a span. Spans that it starts itself are children of it. */
export function traced(role: string, handler: FunctionHandler): FunctionHandler {
  return (trigger: unknown, invocation: InvocationContext): unknown => {
    const parent = parentOf(invocation.traceContext?.traceParent);
    const span = trace.getTracer(`trunkline.${role}`).startSpan(
      invocation.functionName,
      {
        kind: SpanKind.SERVER,
        attributes: { 'faas.name': invocation.functionName, 'faas.invocation_id': invocation.invocationId },
      },
      parent,
    );
    // Nothing is recorded: the handler runs as it would without this.
    if (!span.isRecording()) return handler(trigger, invocation);
    return context.with(trace.setSpan(parent, span), () => ended(span, () => handler(trigger, invocation)));
  };
}

async function ended(span: Span, run: () => unknown): Promise<unknown> {
  try {
    const result = await run();
    const status = statusOf(result);
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (status !== undefined && status >= SERVER_ERRORS) span.setStatus({ code: SpanStatusCode.ERROR });
    return result;
  } catch (error) {
    setFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function statusOf(result: unknown): number | undefined {
  const status =
    typeof result === 'object' && result !== null && 'status' in result ? result.status : undefined;
  return typeof status === 'number' ? status : undefined;
}
