import { describe, expect, it } from 'vitest';
import { parseTraceparent } from '../../../shared/base/traceparent.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it('reads the example of the W3C recommendation', () => {
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-01`)).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      flags: 1,
    });
  });

  it.each([
    ['nothing', ''],
    ['another version', `01-${TRACE_ID}-${SPAN_ID}-01`],
    ['upper case', `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['more than that', `00-${TRACE_ID}-${SPAN_ID}-01-more`],
  ])('does not read %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
