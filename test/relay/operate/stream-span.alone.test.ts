import { describe, expect, it } from 'vitest';
import { recordSpans } from '../../support/recorded-spans.ts';
import { until } from '../../support/until.ts';
import { audioData, audioMetadata, frame } from '../listen/acs-messages.ts';
import { CALL_ID, CONNECTION_ID, dial, mediaUrl, startRelayFixture, ticketFor } from '../relay-fixture.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

describe('The span of a media stream', () => {
  it('is linked to the trace in the ticket, and has the ids of the call and what was counted', async () => {
    const spans = recordSpans();
    const running = await startRelayFixture();
    const ticket = await ticketFor({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` });
    const acs = await dial(mediaUrl(running, ticket));
    acs.send(audioMetadata(), audioData(frame(1)));
    acs.close();
    const span = await until(() => spans.find(({ isEnded }) => isEnded), 'a span that has ended');
    expect(span.parent, 'it begins a trace of its own').toBeUndefined();
    expect(span.links).toMatchObject([{ context: { traceId: TRACE_ID, spanId: SPAN_ID } }]);
    expect(span.attributes).toMatchObject({
      'call.id': CALL_ID,
      'acs.call_connection_id': CONNECTION_ID,
      'stream.ended_reason': 'stream ended',
      'stream.frames_in': 1,
    });
    expect(JSON.stringify(span)).not.toContain('+1425');
  });

  it('has no link where the ticket has no trace', async () => {
    const spans = recordSpans();
    const running = await startRelayFixture();
    await dial(mediaUrl(running, await ticketFor()));
    const span = await until(() => spans[0], 'a span');
    expect(span.links).toEqual([]);
  });
});
