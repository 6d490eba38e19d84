import { type Span, type SpanOptions, type Tracer, trace } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { audioData, audioMetadata, frame } from '../acs-messages.ts';
import { CALL_ID, CONNECTION_ID, dial, mediaUrl, relay, ticketFor } from '../relay-fixture.ts';

interface Recorded {
  readonly name: string;
  readonly options: SpanOptions | undefined;
  attributes: Record<string, unknown>;
  isEnded: boolean;
}

/** Records the spans that are started while the test runs. */
function recordSpans(): Recorded[] {
  const spans: Recorded[] = [];
  const tracer: Pick<Tracer, 'startSpan'> = {
    startSpan(name, options) {
      const recorded: Recorded = { name, options, attributes: {}, isEnded: false };
      spans.push(recorded);
      const span: Pick<Span, 'setAttributes' | 'setStatus' | 'end'> = {
        setAttributes(attributes) {
          Object.assign(recorded.attributes, attributes);
          return span as Span;
        },
        setStatus: () => span as Span,
        end: () => {
          recorded.isEnded = true;
        },
      };
      return span as Span;
    },
  };
  trace.setGlobalTracerProvider({ getTracer: () => tracer as Tracer });
  onTestFinished(() => trace.disable());
  return spans;
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

describe('The span of a media stream', () => {
  it('is linked to the trace in the ticket, and has the ids of the call and what was counted', async () => {
    const spans = recordSpans();
    const running = await relay();
    const ticket = await ticketFor({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` });
    const acs = await dial(mediaUrl(running, ticket));
    acs.send(audioMetadata(), audioData(frame(1)));
    acs.close();
    const span = await until(() => spans.find(({ isEnded }) => isEnded), 'a span that has ended');
    expect(span.options?.links).toMatchObject([{ context: { traceId: TRACE_ID, spanId: SPAN_ID } }]);
    expect(span.options?.attributes).toMatchObject({
      'call.id': CALL_ID,
      'acs.call_connection_id': CONNECTION_ID,
    });
    expect(span.attributes).toMatchObject({ 'stream.ended_reason': 'stream ended', 'stream.frames_in': 1 });
    expect(JSON.stringify(span)).not.toContain('+1425');
  });

  it('has no link where the ticket has no trace', async () => {
    const spans = recordSpans();
    const running = await relay();
    await dial(mediaUrl(running, await ticketFor()));
    const span = await until(() => spans[0], 'a span');
    expect(span.options?.links).toEqual([]);
  });
});
