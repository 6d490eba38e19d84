import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { FaultPlan } from '../../../../../local/emulators/acs/faults/fault-plan.ts';
import { type Clock, systemClock } from '../../../../../local/emulators/common/clock.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, startAcsFixture, types } from '../acs-fixture.ts';

const MEDIA = {
  transportType: 'websocket',
  audioChannelType: 'mixed',
  transportUrl: 'ws://127.0.0.1:9/',
  startMediaStreaming: true,
} as const;

const fixture = closedAfterEach((faults: FaultPlan, clock: Clock = systemClock) =>
  startAcsFixture({ faults, seed: 'faults', clock }),
);

async function answered(faults: FaultPlan, clock?: Clock): Promise<AcsFixture> {
  const f = await fixture(faults, clock);
  const { incomingCallContext } = await f.ring();
  await f.client.answerCall(incomingCallContext, f.callbackUrl, { mediaStreamingOptions: MEDIA });
  return f;
}

describe('faults of the REST API', () => {
  it('refuse a request before anything is done, so that its repetition does it', async () => {
    const f = await fixture({
      rules: [
        { on: 'rest', fault: 'error', operation: 'answerCall', status: 429, retryAfterMs: 1, count: 2 },
      ],
    });
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    expect(call.answers).toEqual({ accepted: 1, refused: 0, replayed: 0 });
    expect(f.acs.injectedFaults()).toEqual({ 'rest.error': 2 });
  });

  it('lose the answer after everything was done, so that its repetition is told the first result', async () => {
    const f = await fixture({
      rules: [{ on: 'rest', fault: 'error', when: 'after', status: 500, retryAfterMs: 1, count: 1 }],
    });
    const { call, incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    expect(call.answers).toEqual({ accepted: 1, refused: 0, replayed: 1 });
  });

  it('say in seconds, too, when to come again', async () => {
    const f = await fixture({
      rules: [{ on: 'rest', fault: 'error', status: 429, retryAfterMs: 1_500, count: 1 }],
    });
    const { incomingCallContext } = await f.ring();
    let headers: Record<string, string> = {};
    const retriesNothing = { maxRetries: 0 };
    const { CallAutomationClient } = await import('@azure/communication-call-automation');
    const client = new CallAutomationClient(f.acs.connectionString, {
      allowInsecureConnection: true,
      retryOptions: retriesNothing,
    });
    await expect(
      client.answerCall(incomingCallContext, f.callbackUrl, {
        onResponse: (response: { headers: { toJSON(): Record<string, string> } }) => {
          headers = response.headers.toJSON();
        },
      } as object),
    ).rejects.toMatchObject({ statusCode: 429, code: 'InjectedFault' });
    expect(headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500' });
  });

  it('make answers slow', async () => {
    const f = await fixture({
      rules: [{ on: 'rest', fault: 'slow', delayMs: 120, operation: 'answerCall' }],
    });
    const { incomingCallContext } = await f.ring();
    const beforeMs = performance.now();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    expect(performance.now() - beforeMs).toBeGreaterThanOrEqual(110);
  });
});

describe('faults of callbacks', () => {
  it('duplicate an event, with the same id', async () => {
    const f = await answered({
      rules: [{ on: 'callback', fault: 'duplicate', type: 'CallConnected', copies: 3 }],
    });
    await until(
      () => types(f).filter((type) => type === 'CallConnected').length === 3,
      'three CallConnected',
    );
    const ids = f
      .callbacks()
      .filter(({ type }) => type.endsWith('CallConnected'))
      .map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
  });

  it('lose an event, and the call goes on', async () => {
    const f = await answered({ rules: [{ on: 'callback', fault: 'lose', type: 'CallConnected' }] });
    await f.callback('ParticipantsUpdated');
    const started = await f.callback('MediaStreamingStarted');
    await f.client.getCallConnection(String(started.data['callConnectionId'])).hangUp(true);
    await f.callback('CallDisconnected');
    expect(types(f)).not.toContain('CallConnected');
    expect(f.acs.injectedFaults()).toEqual({ 'callback.lose': 1 });
  });

  it('let a later event overtake', async () => {
    // Time stands still once the call is connected: nothing but a later event lets the first one go.
    const clock = new ManualClock(Date.now());
    const f = await answered({ rules: [{ on: 'callback', fault: 'reorder', type: 'CallConnected' }] }, clock);
    clock.advance(10);
    await f.callback('CallConnected');
    expect(types(f).indexOf('CallConnected'), 'ParticipantsUpdated must have come first').toBeGreaterThan(0);
  });

  it('delay an event', async () => {
    const clock = new ManualClock(Date.now());
    const f = await answered(
      { rules: [{ on: 'callback', fault: 'delay', type: 'CallConnected', delayMs: [150, 200] }] },
      clock,
    );
    clock.advance(10);
    await f.callback('MediaStreamingStarted');
    clock.advance(149);
    expect(clock.pending()[0], 'it is still held back').toBeGreaterThan(0);
    expect(clock.pending()[0]).toBeLessThanOrEqual(51);
    expect(types(f)).not.toContain('CallConnected');
    clock.advance(51);
    await f.callback('CallConnected');
  });
});

describe('faults of Event Grid', () => {
  it('duplicate the IncomingCall', async () => {
    const f = await fixture({ rules: [{ on: 'eventGrid', fault: 'duplicate', type: 'IncomingCall' }] });
    await f.ring();
    await until(
      () =>
        f.webhook.requests.filter(({ headers }) => headers['aeg-event-type'] === 'Notification').length === 2,
      'two deliveries',
    );
  });
});

describe('faults of tokens and clocks', () => {
  /** The token of the first callback, verified by the clock of this machine. */
  async function verifyCallback(f: AcsFixture): Promise<unknown> {
    const request = await until(() => f.webhook.requests.find(({ url }) => url === '/cb'), 'a callback');
    const keys = (await (await fetch(f.acs.tokens.jwksUrl)).json()) as JSONWebKeySet;
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    return jwtVerify(token, createLocalJWKSet(keys), {
      audience: f.acs.tokens.audience,
      clockTolerance: 300,
    });
  }

  it('sign a callback with a token that ran out', async () => {
    const f = await answered({ rules: [{ on: 'token', fault: 'expired', for: 'callback' }] });
    await expect(verifyCallback(f)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  it('date a callback and its token by a clock that is ahead', async () => {
    const f = await fixture({});
    f.acs.setFaults({ clockSkewMs: 4 * 60_000 });
    const { incomingCallContext } = await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    const event = await f.callback('CallConnected');
    const aheadMs = Date.parse((event as unknown as { time: string }).time) - Date.now();
    expect(aheadMs).toBeGreaterThan(3.5 * 60_000);
    await expect(verifyCallback(f), 'within the tolerance of five minutes').resolves.toBeDefined();
  });

  it('refuse a signature of a client whose clock is too far behind', async () => {
    const f = await fixture({ clockSkewMs: 6 * 60_000 });
    const { incomingCallContext } = await f.ring();
    await expect(f.client.answerCall(incomingCallContext, f.callbackUrl)).rejects.toMatchObject({
      statusCode: 401,
    });
  });
});
