import { InvocationContext } from '@azure/functions';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { traced } from '../../functions/invocation-spans.ts';
import { recordSpans } from '../support/recorded-spans.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

function invocation(traceParent = `00-${TRACE_ID}-00f067aa0ba902b7-01`): InvocationContext {
  return new InvocationContext({
    functionName: 'hangUp',
    invocationId: 'i-1',
    traceContext: { traceParent },
  });
}

describe('the span of an invocation', () => {
  it('belongs to the trace of the host, and what the handler starts belongs to it', async () => {
    const spans = recordSpans();
    const handler = traced('control', async () => {
      await Promise.resolve();
      trace.getTracer('own').startSpan('look up', {}, context.active()).end();
      return { status: 202 };
    });
    expect(await handler({}, invocation())).toEqual({ status: 202 });
    const [outer, inner] = spans;
    expect(outer).toMatchObject({
      tracer: 'trunkline.control',
      name: 'hangUp',
      parent: { traceId: TRACE_ID, spanId: '00f067aa0ba902b7' },
      attributes: { 'faas.name': 'hangUp', 'faas.invocation_id': 'i-1', 'http.response.status_code': 202 },
      isEnded: true,
    });
    expect(inner?.parent).toMatchObject({ spanId: outer?.context.spanId });
  });

  it('tells of a failure by its kind alone, and lets it pass', async () => {
    const spans = recordSpans();
    const failing = traced('control', () => {
      throw new TypeError('+14255550123 was not expected');
    });
    await expect(failing({}, invocation('nonsense'))).rejects.toThrow(TypeError);
    const unwell = traced('control', () => ({ status: 503 }));
    await unwell({}, invocation());
    expect(spans).toMatchObject([
      {
        parent: undefined,
        attributes: { 'error.type': 'TypeError' },
        status: { code: SpanStatusCode.ERROR },
      },
      { status: { code: SpanStatusCode.ERROR } },
    ]);
    expect(JSON.stringify(spans)).not.toContain('+1425');
  });

  it('changes nothing where nothing is recorded', () => {
    const result = {};
    const handler = traced('worker', () => result);
    expect(handler({}, invocation())).toBe(result);
  });
});
