import type { HttpResponseInit } from '@azure/functions';
import { describe, expect, it, vi } from 'vitest';
import { callIdOfPath, httpHandler } from '../../../../functions/control/http/invocation.ts';
import { unauthorized } from '../../../../functions/control/http/problems.ts';
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

describe('the log of an app that strangers make fail', () => {
  it('has an error once that is thrown again and again', async () => {
    const fixture = new ControlFixture();
    const error = new Error('too many open files');
    const handler = httpHandler(() => Promise.reject(error));
    for (let count = 0; count < 5; count += 1) expectProblem(await fixture.call(handler), 'internal-error');
    expect(fixture.logged).toHaveLength(1);
    await fixture.call(httpHandler(() => Promise.reject(new Error('another one'))));
    expect(fixture.logged).toHaveLength(2);
  });

  it('has one line a second about keys that cannot be fetched', async () => {
    const fixture = new ControlFixture();
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000_000);
    const handler = httpHandler(async () => {
      throw unauthorized('a valid token', 'keys unavailable');
    });
    for (let count = 0; count < 5; count += 1)
      expectProblem(await fixture.call(handler), 'token-keys-unavailable');
    expect(fixture.logged).toHaveLength(1);
    now.mockReturnValue(1_001_000);
    await fixture.call(handler);
    expect(fixture.logged).toHaveLength(2);
    now.mockRestore();
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
