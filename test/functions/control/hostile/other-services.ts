/** Callers who try to be ACS, Event Grid, a relay or an administrator. */
import { bearer, type HostileCase } from './hostile-case.ts';
import { ACS_AUDIENCE, CALL, FUNCTION_KEY, type HostileFixture, OTHER_CALL } from './hostile-fixture.ts';

export const OTHER_SERVICES: readonly HostileCase[] = [
  ...(
    [
      ['no token', async () => undefined],
      [
        'a token for another audience',
        (fixture: HostileFixture) => fixture.acsToken({ aud: '99999999-9999-9999-9999-999999999999' }),
      ],
      [
        'a token of another issuer',
        (fixture: HostileFixture) => fixture.acsToken({ iss: 'https://evil.example' }),
      ],
      [
        'a token that expired',
        (fixture: HostileFixture) => fixture.acsToken({ exp: Math.floor(Date.now() / 1_000) - 400 }),
      ],
      [
        'the token of a media socket',
        (fixture: HostileFixture) => fixture.acsToken({ exp: Math.floor(Date.now() / 1_000) + 86_400 }),
      ],
      [
        'a token that does not say when it was issued',
        (fixture: HostileFixture) => fixture.acsToken({ iat: undefined }),
      ],
      ['a token of Entra ID', (fixture: HostileFixture) => fixture.entraToken({ aud: ACS_AUDIENCE })],
      ['a token of the call', (fixture: HostileFixture) => fixture.callToken()],
      ['the ticket of the call', (fixture: HostileFixture) => fixture.ticket()],
      [
        'a token by the public key as a secret',
        async (fixture: HostileFixture) =>
          await fixture.signed(
            { aud: ACS_AUDIENCE, iss: 'https://acs.example' },
            await fixture.acsPublicKey(),
            {
              kid: 'key-1',
            },
          ),
      ],
    ] as const
  ).map(
    ([what, token]): HostileCase => ({
      what: `a callback with ${what}`,
      request: async (fixture) => {
        const given = await token(fixture);
        const event = {
          id: 'forged',
          source: 's',
          type: 'Microsoft.Communication.CallDisconnected',
          specversion: '1.0',
          data: {},
        };
        return {
          method: 'POST',
          target: `/api/callbacks/${CALL}`,
          headers: [['content-type', 'application/json'], ...(given === undefined ? [] : [bearer(given)])],
          body: JSON.stringify([event]),
        };
      },
      status: 401,
      problem: 'unauthorized',
    }),
  ),
  ...['', '&code=wrong', `&code=${FUNCTION_KEY}`].map(
    (query): HostileCase => ({
      what: `an event of Event Grid with the key "${query}"`,
      request: () => ({
        method: 'POST',
        target: `/runtime/webhooks/eventgrid?functionName=incomingCall${query}`,
        headers: [
          ['content-type', 'application/json'],
          ['aeg-event-type', 'Notification'],
        ],
        body: JSON.stringify([
          {
            id: '1',
            eventType: 'Microsoft.Communication.IncomingCall',
            data: { incomingCallContext: 'x', from: { rawId: '4:+1' }, to: { rawId: '4:+2' } },
          },
        ]),
      }),
      status: query.endsWith(FUNCTION_KEY) ? 403 : 401,
    }),
  ),
  ...(
    [
      ['POST', 'restart', (fixture: HostileFixture) => fixture.ticket()],
      ['POST', 'idle', (fixture: HostileFixture) => fixture.ticket()],
      ['PUT', 'handover', (fixture: HostileFixture) => fixture.ticket()],
      ['GET', 'handover', (fixture: HostileFixture) => fixture.ticket()],
      ['POST', 'restart', (fixture: HostileFixture) => fixture.relayProof('restart', OTHER_CALL)],
      ['POST', 'restart', (fixture: HostileFixture) => fixture.relayProof('lost')],
      ['POST', 'idle', (fixture: HostileFixture) => fixture.relayProof('idle', CALL, Date.now() - 120_000)],
      [
        'POST',
        'restart',
        (fixture: HostileFixture) => fixture.relayProof('restart', CALL, Date.now() + 120_000),
      ],
      [
        'POST',
        'restart',
        (fixture: HostileFixture) => fixture.relayProof('restart', CALL, Date.now(), FUNCTION_KEY),
      ],
      ['PUT', 'handover', (fixture: HostileFixture) => fixture.callToken()],
      ['GET', 'handover', (fixture: HostileFixture) => fixture.relayProof('read-handover', OTHER_CALL)],
      ['GET', 'handover', (fixture: HostileFixture) => fixture.relayProof('store-handover')],
    ] as const
  ).map(
    ([method, what, token], index): HostileCase => ({
      what: `a relay without a proof for the call: ${method} ${what} (${index})`,
      request: async (fixture) => ({
        method,
        target: `/api/calls/${CALL}/streaming/${what}`,
        headers: [bearer(await token(fixture))],
        ...(method === 'GET' ? {} : { body: 'a.b.c.d.e' }),
      }),
      status: 401,
      problem: 'unauthorized',
    }),
  ),
  ...(['callId', 'CALLID'] as const).map(
    (name): HostileCase => ({
      what: `a relay with the proof for another call, which is in the query as ${name}`,
      request: async (fixture) => ({
        method: 'POST',
        target: `/api/calls/${CALL}/streaming/restart?${name}=${OTHER_CALL}`,
        headers: [bearer(await fixture.relayProof('restart', OTHER_CALL))],
      }),
      status: 404,
      problem: 'call-not-found',
    }),
  ),
  {
    what: 'running a function by the address for administrators',
    request: () => ({
      method: 'POST',
      target: '/admin/functions/sweepCalls',
      headers: [
        ['x-functions-key', FUNCTION_KEY],
        ['content-type', 'application/json'],
      ],
      body: '{}',
    }),
    status: 403,
  },
];
