import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { FaultPlan } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { type Clock, systemClock } from '../../../../../local/emulators/common/clock.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { type Harness, startHarness, types } from '../acs-harness.ts';

const MEDIA = {
  transportType: 'websocket',
  audioChannelType: 'mixed',
  transportUrl: 'ws://127.0.0.1:9/',
  startMediaStreaming: true,
} as const;

const harness = closedAfterEach((faults: FaultPlan, clock: Clock = systemClock) =>
  startHarness({ faults, seed: 'faults', clock }),
);

async function answered(faults: FaultPlan, clock?: Clock): Promise<Harness> {
  const h = await harness(faults, clock);
  const { incomingCallContext } = await h.ring();
  await h.client.answerCall(incomingCallContext, h.callbackUrl, { mediaStreamingOptions: MEDIA });
  return h;
}

describe('faults of the REST API', () => {
  it('refuse a request before anything is done, so that its repetition does it', async () => {
    const h = await harness({
      rules: [
        { on: 'rest', fault: 'error', operation: 'answerCall', status: 429, retryAfterMs: 1, count: 2 },
      ],
    });
    const { call, incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    expect(call.answers).toEqual({ accepted: 1, refused: 0, replayed: 0 });
    expect(h.acs.injectedFaults()).toEqual({ 'rest.error': 2 });
  });

  it('lose the answer after everything was done, so that its repetition is told the first result', async () => {
    const h = await harness({
      rules: [{ on: 'rest', fault: 'error', when: 'after', status: 500, retryAfterMs: 1, count: 1 }],
    });
    const { call, incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    expect(call.answers).toEqual({ accepted: 1, refused: 0, replayed: 1 });
  });

  it('say in seconds, too, when to come again', async () => {
    const h = await harness({
      rules: [{ on: 'rest', fault: 'error', status: 429, retryAfterMs: 1_500, count: 1 }],
    });
    const { incomingCallContext } = await h.ring();
    let headers: Record<string, string> = {};
    const retriesNothing = { maxRetries: 0 };
    const { CallAutomationClient } = await import('@azure/communication-call-automation');
    const client = new CallAutomationClient(h.acs.connectionString, {
      allowInsecureConnection: true,
      retryOptions: retriesNothing,
    });
    await expect(
      client.answerCall(incomingCallContext, h.callbackUrl, {
        onResponse: (response: { headers: { toJSON(): Record<string, string> } }) => {
          headers = response.headers.toJSON();
        },
      } as object),
    ).rejects.toMatchObject({ statusCode: 429, code: 'InjectedFault' });
    expect(headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500' });
  });

  it('make answers slow', async () => {
    const h = await harness({
      rules: [{ on: 'rest', fault: 'slow', delayMs: 120, operation: 'answerCall' }],
    });
    const { incomingCallContext } = await h.ring();
    const beforeMs = performance.now();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(110);
  });
});

describe('faults of callbacks', () => {
  it('duplicate an event, with the same id', async () => {
    const h = await answered({
      rules: [{ on: 'callback', fault: 'duplicate', type: 'CallConnected', copies: 3 }],
    });
    await until(
      () => types(h).filter((type) => type === 'CallConnected').length === 3,
      'three CallConnected',
    );
    const ids = h
      .callbacks()
      .filter(({ type }) => type.endsWith('CallConnected'))
      .map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
  });

  it('lose an event, and the call goes on', async () => {
    const h = await answered({ rules: [{ on: 'callback', fault: 'lose', type: 'CallConnected' }] });
    await h.callback('ParticipantsUpdated');
    const started = await h.callback('MediaStreamingStarted');
    await h.client.getCallConnection(String(started.data['callConnectionId'])).hangUp(true);
    await h.callback('CallDisconnected');
    expect(types(h)).not.toContain('CallConnected');
    expect(h.acs.injectedFaults()).toEqual({ 'callback.lose': 1 });
  });

  it('let a later event overtake', async () => {
    // Time stands still once the call is connected: nothing but a later event lets the first one go.
    const clock = new ManualClock(Date.now());
    const h = await answered({ rules: [{ on: 'callback', fault: 'reorder', type: 'CallConnected' }] }, clock);
    clock.advance(10);
    await h.callback('CallConnected');
    expect(types(h).indexOf('CallConnected'), 'ParticipantsUpdated must have come first').toBeGreaterThan(0);
  });

  it('delay an event', async () => {
    const clock = new ManualClock(Date.now());
    const h = await answered(
      { rules: [{ on: 'callback', fault: 'delay', type: 'CallConnected', delayMs: [150, 200] }] },
      clock,
    );
    clock.advance(10);
    await h.callback('MediaStreamingStarted');
    clock.advance(149);
    expect(clock.pending()[0], 'it is still held back').toBeGreaterThan(0);
    expect(clock.pending()[0]).toBeLessThanOrEqual(51);
    expect(types(h)).not.toContain('CallConnected');
    clock.advance(51);
    await h.callback('CallConnected');
  });
});

describe('faults of Event Grid', () => {
  it('duplicate the IncomingCall', async () => {
    const h = await harness({ rules: [{ on: 'eventGrid', fault: 'duplicate', type: 'IncomingCall' }] });
    await h.ring();
    await until(
      () =>
        h.webhook.requests.filter(({ headers }) => headers['aeg-event-type'] === 'Notification').length === 2,
      'two deliveries',
    );
  });
});

describe('faults of tokens and clocks', () => {
  /** The token of the first callback, verified by the clock of this machine. */
  async function verifyCallback(h: Harness): Promise<unknown> {
    const request = await until(() => h.webhook.requests.find(({ url }) => url === '/cb'), 'a callback');
    const keys = (await (await fetch(h.acs.tokens.jwksUrl)).json()) as JSONWebKeySet;
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    return jwtVerify(token, createLocalJWKSet(keys), {
      audience: h.acs.tokens.audience,
      clockTolerance: 300,
    });
  }

  it('sign a callback with a token that ran out', async () => {
    const h = await answered({ rules: [{ on: 'token', fault: 'expired', for: 'callback' }] });
    await expect(verifyCallback(h)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  it('date a callback and its token by a clock that is ahead', async () => {
    const h = await harness({});
    h.acs.setFaults({ clockSkewMs: 4 * 60_000 });
    const { incomingCallContext } = await h.ring();
    await h.client.answerCall(incomingCallContext, h.callbackUrl);
    const event = await h.callback('CallConnected');
    const aheadMs = Date.parse((event as unknown as { time: string }).time) - Date.now();
    expect(aheadMs).toBeGreaterThan(3.5 * 60_000);
    await expect(verifyCallback(h), 'within the tolerance of five minutes').resolves.toBeDefined();
  });

  it('refuse a signature of a client whose clock is too far behind', async () => {
    const h = await harness({ clockSkewMs: 6 * 60_000 });
    const { incomingCallContext } = await h.ring();
    await expect(h.client.answerCall(incomingCallContext, h.callbackUrl)).rejects.toMatchObject({
      statusCode: 401,
    });
  });
});
