import { describe, expect, it } from 'vitest';
import type { AcsFaultEngine } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { until } from '../../../../support/until.ts';
import { CALLED, CALLER, type Harness, startHarness } from '../acs-harness.ts';

const harness = closedAfterEach(startHarness);

async function report(h: Harness): Promise<ReturnType<AcsFaultEngine['report']>> {
  const response = await h.control('GET', 'faults');
  expect(response.status).toBe(200);
  return (await response.json()) as ReturnType<AcsFaultEngine['report']>;
}

describe('the control surface of faults', () => {
  it('takes a plan, lets it happen, tells what was injected, and takes it back', async () => {
    const h = await harness();
    const rule = { on: 'rest', fault: 'error', status: 503, retryAfterMs: 1, count: 1 };
    expect((await h.control('PUT', 'faults', { rules: [rule], clockSkewMs: 1_000 })).status).toBe(204);
    const { incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    expect(await report(h)).toMatchObject({
      plan: { rules: [rule], clockSkewMs: 1_000 },
      hits: [1],
      injected: { 'rest.error': 1 },
    });
    expect((await h.control('PUT', 'faults', {})).status).toBe(204);
    expect(await report(h)).toEqual({
      plan: { rules: [], clockSkewMs: 0 },
      hits: [],
      injected: { 'rest.error': 1 },
    });
  });

  it('refuses a plan with a sentence that names what is wrong', async () => {
    const h = await harness();
    const response = await h.control('PUT', 'faults', { rules: [{ on: 'callback', fault: 'explode' }] });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('rules[0], member fault');
  });

  it('needs the control token', async () => {
    const h = await harness();
    expect((await h.control('PUT', 'faults', {}, 'other')).status).toBe(404);
    expect((await h.control('GET', 'faults', undefined, 'other')).status).toBe(404);
  });
});

describe('publishing an incoming call', () => {
  const publish = (h: Harness, body: unknown, token = 'control-token-of-the-tests'): Promise<Response> =>
    fetch(`${h.acs.url}/eventgrid/incomingCall`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });

  it('lets a phone ring', async () => {
    const h = await harness();
    const response = await publish(h, { from: CALLER, to: CALLED });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    await until(
      () => h.webhook.requests.some(({ body }) => body.includes('IncomingCall')),
      'the IncomingCall',
    );
    expect((await h.control('GET', `calls/${id}`)).status).toBe(200);
  });

  it('is refused without the token, and with what is no number', async () => {
    const h = await harness();
    expect((await publish(h, { from: CALLER, to: CALLED }, 'other')).status).toBe(404);
    expect((await publish(h, { from: 'me', to: CALLED })).status).toBe(400);
    expect((await fetch(`${h.acs.url}/eventgrid/incomingCall`)).status).toBe(404);
  });
});
