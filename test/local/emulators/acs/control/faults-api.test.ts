import { describe, expect, it } from 'vitest';
import type { AcsFaultEngine } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';

const fixture = closedAfterEach(startAcsFixture);

async function report(f: AcsFixture): Promise<ReturnType<AcsFaultEngine['report']>> {
  const response = await f.control('GET', 'faults');
  expect(response.status).toBe(200);
  return (await response.json()) as ReturnType<AcsFaultEngine['report']>;
}

describe('the control surface of faults', () => {
  it('takes a plan, lets it happen, tells what was injected, and takes it back', async () => {
    const f = await fixture();
    const rule = { on: 'rest', fault: 'error', status: 503, retryAfterMs: 1, count: 1 };
    expect((await f.control('PUT', 'faults', { rules: [rule], clockSkewMs: 1_000 })).status).toBe(204);
    const { incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    expect(await report(f)).toMatchObject({
      plan: { rules: [rule], clockSkewMs: 1_000 },
      hits: [1],
      injected: { 'rest.error': 1 },
    });
    expect((await f.control('PUT', 'faults', {})).status).toBe(204);
    expect(await report(f)).toEqual({
      plan: { rules: [], clockSkewMs: 0 },
      hits: [],
      injected: { 'rest.error': 1 },
    });
  });

  it('refuses a plan with a sentence that names what is wrong', async () => {
    const f = await fixture();
    const response = await f.control('PUT', 'faults', { rules: [{ on: 'callback', fault: 'explode' }] });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('rules[0], member fault');
  });

  it('needs the control token', async () => {
    const f = await fixture();
    expect((await f.control('PUT', 'faults', {}, 'other')).status).toBe(404);
    expect((await f.control('GET', 'faults', undefined, 'other')).status).toBe(404);
  });
});

describe('publishing an incoming call', () => {
  const publish = (f: AcsFixture, body: unknown, token = 'control-token-of-the-tests'): Promise<Response> =>
    fetch(`${f.acs.url}/eventgrid/incomingCall`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });

  it('lets a phone ring', async () => {
    const f = await fixture();
    const response = await publish(f, { from: CALLER, to: CALLED });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    await until(
      () => f.webhook.requests.some(({ body }) => body.includes('IncomingCall')),
      'the IncomingCall',
    );
    expect((await f.control('GET', `calls/${id}`)).status).toBe(200);
  });

  it('is refused without the token, and with what is no number', async () => {
    const f = await fixture();
    expect((await publish(f, { from: CALLER, to: CALLED }, 'other')).status).toBe(404);
    expect((await publish(f, { from: 'me', to: CALLED })).status).toBe(400);
    expect((await fetch(`${f.acs.url}/eventgrid/incomingCall`)).status).toBe(404);
  });
});
