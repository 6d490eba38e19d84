import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AcsCalls, AnswerRequest } from '../../../../functions/control/call/acs-port.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { COMPARE_AFTER_MS } from '../../../../functions/control/call/time.ts';
import { applyCallbacks } from '../../../../functions/control/use-cases/apply-callbacks.ts';
import {
  callIdOfContext,
  receiveIncomingCall,
} from '../../../../functions/control/use-cases/receive-incoming-call.ts';
import { requestCallAction } from '../../../../functions/control/use-cases/request-call-action.ts';
import { sweepCalls } from '../../../../functions/control/use-cases/sweep-calls.ts';
import { openTicket } from '../../../../shared/wire/signed/ticket.ts';
import { FakePhone } from '../../../local/emulators/acs/media/fake-phone.ts';
import { ControlWithAcsFixture, TICKET_KEY } from '../../../support/control-with-acs-fixture.ts';
import { RAW_IDS } from '../../../support/raw-ids.ts';
import { silentLog as log } from '../../../support/silent-log.ts';
import { until } from '../../../support/until.ts';

const ANSWER_LEASE_MS = 10_000;

let fixture: ControlWithAcsFixture;

beforeAll(async () => {
  fixture = await ControlWithAcsFixture.start([
    { name: 'blocked', match: { from: '+1900*' }, action: 'reject' },
    { name: 'withheld', match: { from: '4:anonymous' }, workers: [{ name: 'echo' }] },
    { name: 'undescribed', match: { from: 'unknown' }, workers: [{ name: 'echo' }] },
    { name: 'users', match: { from: '8:*' }, workers: [{ name: 'echo' }] },
    { name: 'apps', match: { from: '28:*' }, workers: [{ name: 'echo' }] },
    { name: 'later', match: { to: '+14255550177' }, startStreaming: false, workers: [{ name: 'echo' }] },
    { name: 'everyone', workers: [{ name: 'echo' }] },
  ]);
});

afterAll(() => fixture.close());

async function hangUp(callId: string): Promise<void> {
  await requestCallAction(await fixture.deps(), callId, { type: 'HangUpRequested' }, log);
  await fixture.call(callId, ({ phase }) => phase === 'ended', 'the call to end');
}

describe('the control app against ACS', () => {
  it('answers a call that is delivered five times once, streams it and sees it end', async () => {
    const placed = fixture.ring('+14255550101', '+14255550123', 5);
    const call = await fixture.callTo(
      '+14255550101',
      ({ phase, streaming }) => phase === 'connected' && streaming.state === 'active',
      'the call to be connected and streaming',
    );
    expect(placed.answers).toMatchObject({ accepted: 1, refused: 0 });
    expect(call.callConnectionId).toBe(placed.ids.callConnectionId);

    const { url } = await until(() => fixture.sockets.at(-1), 'the media socket');
    expect(url.pathname).toBe(`/media/${call.callId}`);
    const ticket = await openTicket(
      url.searchParams.get('ticket') ?? '',
      call.callId,
      [TICKET_KEY],
      Date.now(),
    );
    expect(ticket).toMatchObject({ from: '4:+14255550123', to: '4:+14255550101', plan: call.plan });

    const deps = await fixture.deps();
    const outcome = await requestCallAction(deps, call.callId, { type: 'HangUpRequested' }, log);
    expect(outcome.kind).toBe('accepted');
    const ended = await until(async () => {
      const now = await deps.store.get(call.callId);
      return now?.phase === 'ended' ? now : undefined;
    }, 'the call to end');
    expect(ended.streaming.state).toBe('inactive');
    expect(placed.state).toBe('disconnected');
    expect(placed.outcome).toBe('hungUpByApplication');

    const timeline = await fixture.timelineWith(call.callId, 'CallDisconnected');
    for (const type of [
      'IncomingCall',
      'AnswerSucceeded',
      'CallConnected',
      'MediaStreamingStarted',
      'CallDisconnected',
    ])
      expect(
        timeline.filter((entry) => entry === type),
        type,
      ).toHaveLength(1);
    expect(fixture.host.answered.filter(({ status }) => status >= 300)).toEqual([]);
  });

  const number = { kind: 'phoneNumber', rawId: '4:+14255550123', phoneNumber: { value: '+14255550123' } };
  const routeOf = (rawId: string): string => {
    if (rawId === '4:anonymous') return 'withheld';
    return rawId.startsWith('8:') ? 'users' : rawId.startsWith('28:') ? 'apps' : 'everyone';
  };
  it.concurrent.each<[from: string, described: unknown, readAs: string, route: string]>([
    ...RAW_IDS.map((rawId): [string, unknown, string, string] => [rawId, 'itself', rawId, routeOf(rawId)]),
    ['+14255550123', { ...number, phoneNumber: null }, number.rawId, 'everyone'],
    ['+14255550123', { ...number, rawId: null }, number.rawId, 'everyone'],
    ['+14255550123', { ...number, rawId: '', communicationUser: null }, number.rawId, 'everyone'],
    ['+14255550123', { ...number, phoneNumber: { value: '' } }, number.rawId, 'everyone'],
    ['4:anonymous', { phoneNumber: { value: 'anonymous' } }, '4:anonymous', 'withheld'],
    ['8:orgid:ab', { microsoftTeamsUser: { userId: 'ab' } }, '8:orgid:ab', 'users'],
    ['+14255550123', null, 'unknown', 'undescribed'],
    ['+14255550123', {}, 'unknown', 'undescribed'],
    ['+14255550123', undefined, 'unknown', 'undescribed'],
  ])('answers and routes a whole call from %s, described as %j', async (from, described, readAs, route) => {
    const isChanged = described !== 'itself';
    const event = {
      data: isChanged && described !== undefined ? { from: described } : {},
      without: described === undefined ? ['from'] : [],
    };
    const phone = (rawId: string): FakePhone => new FakePhone(rawId);
    const placed = fixture.acs.placeCall({ from, to: '+14255550199', phone, event });
    const callId = callIdOfContext(placed.ids.incomingCallContext);
    const call = await fixture.call(
      callId,
      ({ phase, streaming }) => phase === 'connected' && streaming.state === 'active',
      'the call to be connected and streaming',
    );
    expect(call.route).toBe(route);
    expect(placed.from.rawId, 'the telephone that calls').toBe(from.replace(/^\+/, '4:+'));
    const ticket = fixture.socketsOf(callId)[0]?.url.searchParams.get('ticket') ?? '';
    expect(await openTicket(ticket, callId, [TICKET_KEY], Date.now())).toMatchObject({ from: readAs });
    await hangUp(callId);
    expect(placed.outcome).toBe('hungUpByApplication');
  });

  it('learns the connection of a call from its next attempt when the process that answered it died, and no event came', async () => {
    const { handlers } = fixture.host;
    fixture.host.handlers = undefined;
    const placed = fixture.ring('+14255550188');
    const incoming = {
      eventId: 'the-event',
      incomingCallContext: placed.ids.incomingCallContext,
      from: { rawId: '4:+14255550123' },
      to: { rawId: '4:+14255550188' },
      sipHeaders: {},
      voipHeaders: {},
    };
    const deps = await fixture.deps();
    const died = Promise.withResolvers<void>();
    const { acs } = deps;
    const dying: AcsCalls = Object.assign(Object.create(acs), {
      answer: async (request: AnswerRequest) => {
        await acs.answer(request);
        died.resolve();
        return await new Promise<never>(() => {});
      },
    });
    void receiveIncomingCall({ ...deps, acs: dying }, incoming, log);
    await died.promise;
    const later = { ...deps.clock, now: () => Date.now() + ANSWER_LEASE_MS };
    expect(await receiveIncomingCall({ ...deps, clock: later }, incoming, log)).toBe('answered');
    expect(placed.answers).toEqual({ accepted: 1, refused: 0, replayed: 1 });
    const call = await deps.store.get(callIdOfContext(placed.ids.incomingCallContext));
    expect(call?.callConnectionId).toBe(placed.ids.callConnectionId);
    fixture.host.handlers = handlers;
    placed.hangUpByCaller();
    await fixture.call(call?.callId ?? '', ({ phase }) => phase === 'ended', 'the call to end');
  });

  it('starts and stops streaming of a call when asked, also after a restart of the app', async () => {
    fixture.ring('+14255550177');
    const call = await fixture.callTo(
      '+14255550177',
      ({ phase }) => phase === 'connected',
      'the call to be connected',
    );
    expect(call.streaming.state).toBe('inactive');
    const request = async (type: 'StartRequested' | 'StopRequested'): Promise<string> =>
      (await requestCallAction(await fixture.deps(), call.callId, { type, operationContext: 'mine' }, log))
        .kind;
    const reaches = (state: string): Promise<Call> =>
      fixture.callTo(
        '+14255550177',
        ({ streaming }) => streaming.state === state,
        `streaming to be ${state}`,
      );

    expect(await request('StartRequested')).toBe('accepted');
    await reaches('active');
    fixture.restartApp();
    expect(await request('StartRequested'), 'it is on already').toBe('refused');
    expect(await request('StopRequested')).toBe('accepted');
    await reaches('inactive');
    expect(await request('StartRequested')).toBe('accepted');
    await reaches('active');
    await hangUp(call.callId);
  });

  it('starts streaming again when the media socket breaks', async () => {
    fixture.ring('+14255550102');
    const { callId } = await fixture.callTo(
      '+14255550102',
      ({ phase, streaming }) => phase === 'connected' && streaming.state === 'active',
      'streaming',
    );
    expect(fixture.socketsOf(callId)).toHaveLength(1);
    fixture.socketsOf(callId)[0]?.socket.terminate();
    await until(() => fixture.socketsOf(callId).length === 2, 'a second media socket');
    await fixture.callTo(
      '+14255550102',
      ({ streaming }) => streaming.state === 'active' && streaming.retries === 1,
      'streaming again',
    );
    await hangUp(callId);
  });

  it('answers once though the response to the answer is lost', async () => {
    fixture.acs.armFault({
      on: 'rest',
      fault: 'error',
      when: 'after',
      operation: 'answerCall',
      status: 503,
      count: 1,
    });
    const placed = fixture.ring('+14255550103');
    const call = await fixture.callTo(
      '+14255550103',
      ({ phase }) => phase === 'connected',
      'the call to be connected',
    );
    await until(() => placed.answers.replayed === 1, 'the answer to be asked for again');
    expect(placed.answers).toMatchObject({ accepted: 1, refused: 0, replayed: 1 });
    await hangUp(call.callId);
  });

  it('rejects what a route blocks', async () => {
    const placed = fixture.ring('+14255550104', '+19005550100');
    await until(() => placed.outcome !== undefined, 'the call to end');
    expect(placed.outcome).toBe('rejected');
  });

  it('leaves no number and no ticket in its log', () => {
    const text = fixture.host.logged.join('\n');
    expect(text).toContain('The call is answered');
    expect(text).not.toMatch(/\+1\d{10}|ticket=/);
  });
});

describe('an event that says that a call has ended', () => {
  it('does not end a call that ACS has connected: the sweep finds it, and its time still counts', async () => {
    fixture.ring('+14255550109');
    const call = await fixture.callTo('+14255550109', ({ phase }) => phase === 'connected', 'the call');
    const { callId, callConnectionId = '' } = call;
    const deps = await fixture.deps();
    const tell = async (id: string): Promise<void> => {
      const kind = 'CallDisconnected';
      await applyCallbacks(deps, callId, [{ id, kind, type: kind, callConnectionId, details: {} }], log);
      expect((await deps.store.get(callId))?.phase).toBe('ended');
    };
    const sweepLater = async (ms: number): Promise<Call | undefined> => {
      const nowMs = Date.now() + ms;
      await sweepCalls({ ...deps, clock: { ...deps.clock, now: () => nowMs } }, log);
      return await deps.store.get(callId);
    };
    await tell('forged-1');
    expect(await sweepLater(COMPARE_AFTER_MS)).toMatchObject({ phase: 'connected', callConnectionId });
    await tell('forged-2');
    await deps.store.update(callId, (now) => ({ call: { ...now, expiresAtMs: Date.now() } }));
    await sweepLater(COMPARE_AFTER_MS);
    await fixture.call(callId, ({ phase }) => phase === 'ended', 'ACS to end it');
    expect(await deps.acs.properties(callConnectionId)).toBeUndefined();
    const confirmed = await sweepLater(COMPARE_AFTER_MS);
    expect(confirmed).toMatchObject({ phase: 'ended' });
    expect(confirmed).not.toHaveProperty('endUnconfirmed');
  });
});

describe('the callback of ACS', () => {
  it('takes the token of no media socket for a callback', async () => {
    fixture.ring('+14255550103');
    const { callId, callConnectionId } = await fixture.callTo(
      '+14255550103',
      ({ streaming }) => streaming.state === 'active',
      'the call to be streaming',
    );
    const { authorization } = await until(() => fixture.socketsOf(callId).at(-1), 'the media socket');
    expect(authorization).toMatch(/^Bearer ./);
    const type = 'Microsoft.Communication.CallDisconnected';
    const event = { id: 'forged', type, data: { callConnectionId } };
    const answer = await fetch(`${fixture.host.url}/api/callbacks/${callId}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify([event]),
    });
    expect(answer.status).toBe(401);
    expect((await (await fixture.deps()).store.get(callId))?.phase).toBe('connected');
    await hangUp(callId);
  });
});
