import type { HttpResponseInit } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { callIdOfPath, httpHandler } from '../../../../functions/control/http/invocation.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

const CIRCLE: Record<string, unknown> = {};
CIRCLE['self'] = CIRCLE;

describe('an HTTP handler', () => {
  it.each<[string, HttpResponseInit]>([
    ['a status below all', { status: 99 }],
    ['an informational status', { status: 101 }],
    ['a status above all', { status: 600 }],
    ['a header of two lines', { headers: { 'x-a': 'one\r\ntwo' } }],
    ['a header with a control character', { headers: { 'x-a': 'one\u0001' } }],
    ['a header beyond Latin-1', { headers: { 'x-a': '日本' } }],
    ['a header without a name', { headers: { '': 'a' } }],
    ['a body that is no JSON', { jsonBody: CIRCLE }],
  ])('answers 500 in place of %s, which the host could not send', async (_, init) => {
    const fixture = new ControlFixture();
    expectProblem(await fixture.call(httpHandler(async () => init)), 'internal-error');
    expect(fixture.logged.join()).toContain('A request failed');
  });

  it('hands everything else on as it is', async () => {
    const init = { status: 204, headers: { 'x-a': 'é' }, jsonBody: { a: 1 } };
    expect(await new ControlFixture().respond(httpHandler(async () => init))).toBe(init);
  });
});

describe('the call in the path', () => {
  it('is none where the query has the name as well, in any case', () => {
    const callId = 'a'.repeat(32);
    const request = (query: string) => ({ params: { callId }, query: new URLSearchParams(query) });
    expect(callIdOfPath(request('other=1'))).toBe(callId);
    for (const query of ['callId=x', 'callid', 'CALLID=', 'a=1&call%49d=x'])
      expect(() => callIdOfPath(request(query)), query).toThrow('No call has this id.');
  });
});
