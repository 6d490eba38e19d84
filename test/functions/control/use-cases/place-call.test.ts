import { beforeEach, describe, expect, it } from 'vitest';
import { invocationLog } from '../../../../functions/control/http/invocation.ts';
import { placeCall } from '../../../../functions/control/use-cases/place-call.ts';
import { openTicket } from '../../../../shared/wire/signed/ticket.ts';
import { CONNECTION_ID, PLAN, T0 } from '../../../support/calls.ts';
import { ControlFixture, TICKET_KEY } from '../../../support/control-fixture.ts';

const CALLEE = '4:+14255550123';
const OWN_NUMBER = '+18005550199';
const ROUTE = { name: 'placed', match: { direction: 'outbound' }, action: 'answer', plan: PLAN } as const;

let fixture: ControlFixture;

beforeEach(() => {
  fixture = new ControlFixture([ROUTE]);
});

function place(to = CALLEE, route?: string): ReturnType<typeof placeCall> {
  return placeCall(
    fixture.deps,
    { request: { to, callerId: OWN_NUMBER, displayName: 'Contoso' }, ...(route && { route }) },
    invocationLog(fixture.context()),
  );
}

async function placed(): Promise<string> {
  const outcome = await place();
  if (outcome.kind !== 'placing') throw new Error(`the call was not placed: ${outcome.kind}`);
  return outcome.call.callId;
}

describe('placing a call', () => {
  it('asks ACS with a ticket for the relay, after the call is stored', async () => {
    let stored: unknown;
    fixture.acs.duringAnswer = async () => {
      stored = (await fixture.store.listLive(10))[0]?.phase;
    };
    const callId = await placed();
    expect(stored).toBe('placing');
    const [request] = fixture.acs.placed;
    expect(request).toMatchObject({
      to: CALLEE,
      callerId: OWN_NUMBER,
      displayName: 'Contoso',
      callbackUrl: `https://control.example/api/callbacks/${callId}`,
      operationContext: callId,
    });
    const url = new URL(request?.media.transportUrl ?? '');
    expect(url.pathname).toBe(`/media/${callId}`);
    const ticket = await openTicket(url.searchParams.get('ticket') ?? '', callId, [TICKET_KEY], T0);
    expect(ticket).toMatchObject({ from: `4:${OWN_NUMBER}`, to: CALLEE, plan: PLAN });
  });

  it('keeps of the numbers the last four digits, and none of them in the log', async () => {
    const callId = await placed();
    expect(await fixture.store.get(callId)).toMatchObject({
      direction: 'outbound',
      phase: 'placing',
      route: 'placed',
      from: '…0199',
      to: '…0123',
      callConnectionId: CONNECTION_ID,
      streaming: { state: 'starting' },
    });
    const timeline = await fixture.store.timeline(callId, 10);
    expect(timeline.map(({ type }) => type)).toEqual(['PlaceRequested', 'PlaceSucceeded']);
    expect(fixture.logged.join('\n') + JSON.stringify(timeline)).not.toMatch(/4255550123|8005550199/);
  });

  it('is a call of its own each time', async () => {
    expect(await placed()).not.toBe(await placed());
  });

  it.each([
    ['no route is for it', [{ ...ROUTE, match: { direction: 'outbound', to: '+1900*' } }]],
    ['its route forbids it', [{ ...ROUTE, action: 'reject' }]],
    ['the routes are for calls that come in', [{ ...ROUTE, match: {} }]],
  ] as const)('does not happen where %s', async (_what, routes) => {
    fixture = new ControlFixture(routes);
    expect(await place()).toEqual({ kind: 'no route' });
    expect(fixture.acs.asked).toEqual([]);
    expect(await fixture.store.listLive(10)).toEqual([]);
  });

  it('takes the route that is named, if it is for the call', async () => {
    fixture = new ControlFixture([ROUTE, { ...ROUTE, name: 'other' }]);
    expect(await place(CALLEE, 'other')).toMatchObject({ call: { route: 'other' } });
    expect(await place(CALLEE, 'unheard of')).toEqual({ kind: 'no route' });
  });

  it('fails when ACS refuses, and the call has ended', async () => {
    fixture.acs.fail('place', { status: 400, code: '8523', retryable: false });
    const outcome = await place();
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { failure: { status: 400 } },
      call: { phase: 'ended', failure: 'failed' },
    });
    if (outcome.kind !== 'failed') return;
    const timeline = await fixture.store.timeline(outcome.call.callId, 10);
    expect(timeline.map(({ type }) => type)).toEqual(['PlaceRequested', 'PlaceFailed']);
  });

  it('counts as done when ACS has done it, though that could not be stored', async () => {
    fixture.acs.duringAnswer = async () => {
      fixture.store.outage = true;
    };
    expect((await place()).kind).toBe('placing');
  });
});
