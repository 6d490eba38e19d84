/** Callers who are not who they say, or may not do what they ask. */
import { UnsecuredJWT } from 'jose';
import { AUDIENCE, OBJECT_ID, TENANT_ID } from '../../../support/entra-tenant.ts';
import { bearer, type HostileCase } from './hostile-case.ts';
import {
  ACS_AUDIENCE,
  CALL,
  FUNCTION_KEY,
  type HostileWorld,
  OTHER_CALL,
  TICKET_KEY,
} from './hostile-world.ts';

const HANG_UP = `/api/calls/${CALL}/hang-up`;
const WORKER_HANG_UP = `/api/worker/calls/${CALL}/hang-up`;

const withKeys: readonly HostileCase[] = (
  [
    ['without a key', [], ''],
    ['with a wrong key', [['x-functions-key', 'wrong']], ''],
    ['with an empty key', [['x-functions-key', '']], ''],
    ['with a wrong key in the query', [], '?code=wrong'],
    ['with an empty key that hides a right one', [['x-functions-key', '']], `?code=${FUNCTION_KEY}`],
    [
      'with two keys, the first wrong',
      [
        ['x-functions-key', 'wrong'],
        ['x-functions-key', FUNCTION_KEY],
      ],
      '',
    ],
    [
      'with two keys, the second wrong',
      [
        ['x-functions-key', FUNCTION_KEY],
        ['x-functions-key', 'wrong'],
      ],
      '',
    ],
    ['with the key of Event Grid', [['x-functions-key', 'eventgrid-key']], ''],
    ['with the key of another function', [['x-functions-key', 'secured-key']], ''],
    ['with a key in another case', [['x-functions-key', FUNCTION_KEY.toUpperCase()]], ''],
    [
      'with a forged principal',
      [
        [
          'x-ms-client-principal',
          Buffer.from(JSON.stringify({ userRoles: ['Calls.Control'] })).toString('base64'),
        ],
        ['x-ms-client-principal-id', OBJECT_ID],
      ],
      '',
    ],
    [
      'as if forwarded from the machine itself',
      [
        ['x-forwarded-for', '127.0.0.1'],
        ['x-forwarded-host', 'localhost'],
        ['forwarded', 'for=127.0.0.1'],
      ],
      '',
    ],
    [
      'as if another method and address were meant',
      [
        ['x-original-url', '/api/openapi.json'],
        ['x-rewrite-url', '/api/openapi.json'],
        ['x-http-method-override', 'GET'],
      ],
      '',
    ],
    ['with a forged trace', [['traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]], ''],
  ] as const
).map(([what, headers, query]) => ({
  what: `hanging up ${what}`,
  request: () => ({ method: 'POST', target: `${HANG_UP}${query}`, headers }),
  status: 401,
}));

const tokenInsteadOfKey: HostileCase = {
  what: 'hanging up with a token of Entra ID where keys are asked for',
  request: async (world) => ({
    method: 'POST',
    target: HANG_UP,
    headers: [bearer(await world.entraToken())],
  }),
  status: 401,
};

/** Tokens that are refused by the app that asks for tokens of Entra ID. */
const entraTokens: readonly [string, (world: HostileWorld) => Promise<string> | string, number?][] = [
  ['that expired', (world) => world.entraToken({ exp: Math.floor(Date.now() / 1_000) - 400 })],
  ['that is not valid yet', (world) => world.entraToken({ nbf: Math.floor(Date.now() / 1_000) + 400 })],
  ['that never expires', (world) => world.entraToken({ exp: undefined })],
  ['for another audience', (world) => world.entraToken({ aud: 'api://another' })],
  [
    'of another issuer',
    (world) => world.entraToken({ iss: 'https://login.microsoftonline.com/another/v2.0' }),
  ],
  ['of another tenant', (world) => world.entraToken({ tid: '99999999-9999-9999-9999-999999999999' })],
  ['that is an ID token', (world) => world.entraToken({ azp: undefined })],
  ['of nobody', (world) => world.entraToken({ oid: undefined })],
  [
    'signed with another key',
    (world) =>
      world.acsToken({
        aud: AUDIENCE,
        tid: TENANT_ID,
        oid: OBJECT_ID,
        azp: 'a',
        roles: ['Calls.Control'],
        iss: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
      }),
  ],
  [
    'with a signature that is cut off',
    async (world) => `${(await world.entraToken()).split('.').slice(0, 2).join('.')}.`,
  ],
  [
    'with claims that were changed',
    async (world) => {
      const [header, , signature] = (await world.entraToken({}, ['Calls.Read'])).split('.');
      const [, changed] = (await world.entraToken()).split('.');
      return `${header}.${changed}.${signature}`;
    },
  ],
  [
    'without an algorithm',
    () =>
      new UnsecuredJWT({ aud: AUDIENCE, tid: TENANT_ID, oid: OBJECT_ID, azp: 'a', roles: ['Calls.Control'] })
        .setIssuer(`https://login.microsoftonline.com/${TENANT_ID}/v2.0`)
        .setExpirationTime('1h')
        .encode(),
  ],
  [
    'by the public key as a secret',
    async (world) =>
      await world.signed(
        { aud: AUDIENCE, tid: TENANT_ID, oid: OBJECT_ID, azp: 'a', roles: ['Calls.Control'], sub: CALL },
        await world.entraPublicKey(),
        { kid: 'key-1' },
      ),
  ],
  [
    'by the public key as a secret, as if of a call',
    async (world) => await world.signed({ aud: 'calls', sub: CALL }, await world.entraPublicKey()),
  ],
  [
    'that brings its own key',
    async (world) =>
      await world.signed({ aud: 'calls', sub: CALL }, 'a key that nobody knows, of enough bytes', {
        jku: 'https://evil.example/keys',
        jwk: { kty: 'oct', k: 'a2V5' },
      }),
  ],
  ['that is nonsense', () => 'a.b.c'],
  ['that is very long', () => 'x'.repeat(9_000)],
  ['with the role to read, which does not suffice', (world) => world.entraToken({}, ['Calls.Read']), 403],
  ['with no role', (world) => world.entraToken({}, []), 403],
  [
    'with a role of another spelling',
    (world) => world.entraToken({}, ['calls.control', 'Calls.Control ']),
    403,
  ],
  ['with scopes instead of roles', (world) => world.entraToken({ scp: 'Calls.Control' }, []), 403],
];

const withEntra: readonly HostileCase[] = [
  ...entraTokens.map(
    ([what, token, status = 401]): HostileCase => ({
      what: `hanging up with a token of Entra ID ${what}`,
      api: 'entra',
      request: async (world) => ({ method: 'POST', target: HANG_UP, headers: [bearer(await token(world))] }),
      status,
      problem: status === 401 ? 'unauthorized' : 'forbidden',
    }),
  ),
  {
    what: 'hanging up with a function key where tokens are asked for',
    api: 'entra',
    request: () => ({ method: 'POST', target: HANG_UP, headers: [['x-functions-key', FUNCTION_KEY]] }),
    status: 401,
    problem: 'unauthorized',
  },
  {
    what: 'hanging up with Basic credentials',
    api: 'entra',
    request: () => ({ method: 'POST', target: HANG_UP, headers: [['authorization', 'Basic YTpi']] }),
    status: 401,
    problem: 'unauthorized',
  },
  {
    what: 'hanging up with the token in the query',
    api: 'entra',
    request: async (world) => ({
      method: 'POST',
      target: `${HANG_UP}?access_token=${await world.entraToken()}`,
    }),
    status: 401,
    problem: 'unauthorized',
  },
];

/** Tokens that do not open a call at the address for workers. */
const callTokens: readonly [string, (world: HostileWorld) => Promise<string> | string, number?][] = [
  ['of another call', (world) => world.callToken(OTHER_CALL), 403],
  ['that expired', (world) => world.callToken(CALL, -60_000)],
  ['by another key', (world) => world.callToken(CALL, 600_000, 'another key, of thirty-two bytes or more')],
  ['that never expires', (world) => world.signed({ aud: 'calls', sub: CALL, exp: undefined }, TICKET_KEY)],
  ['of every call', (world) => world.signed({ aud: 'calls', sub: '*' }, TICKET_KEY)],
  ['of no call', (world) => world.signed({ aud: 'calls' }, TICKET_KEY)],
  [
    'for several audiences, none of which it is',
    (world) => world.signed({ aud: ['relay', 'call'], sub: CALL }, TICKET_KEY),
  ],
  ['that is the ticket', (world) => world.ticket()],
  [
    'without an algorithm',
    () => new UnsecuredJWT({ aud: 'calls', sub: CALL }).setExpirationTime('1h').encode(),
  ],
  ['of Entra ID, where keys are asked for elsewhere', (world) => world.entraToken()],
  ['of Azure Communication Services', (world) => world.acsToken()],
];

const withCallTokens: readonly HostileCase[] = [
  ...callTokens.map(
    ([what, token, status = 401]): HostileCase => ({
      what: `hanging up as a worker with a token ${what}`,
      request: async (world) => ({
        method: 'POST',
        target: WORKER_HANG_UP,
        headers: [bearer(await token(world))],
      }),
      status,
      problem: status === 401 ? 'unauthorized' : 'forbidden',
    }),
  ),
  {
    what: 'hanging up as a worker with a function key and no token',
    request: () => ({ method: 'POST', target: WORKER_HANG_UP, headers: [['x-functions-key', FUNCTION_KEY]] }),
    status: 401,
    problem: 'unauthorized',
  },
  {
    what: 'hanging up another call with the token of a call, by the address of the API',
    api: 'entra',
    request: async (world) => ({
      method: 'POST',
      target: `/api/calls/${OTHER_CALL}/hang-up`,
      headers: [bearer(await world.callToken())],
    }),
    status: 403,
    problem: 'forbidden',
  },
  ...(['GET', 'POST'] as const).map(
    (method): HostileCase => ({
      what: `asking for all calls with the token of one: ${method}`,
      api: 'entra',
      request: async (world) => ({
        method,
        target: '/api/calls',
        headers: [bearer(await world.callToken())],
      }),
      status: 403,
      problem: 'forbidden',
    }),
  ),
  ...[
    'calls',
    'openapi.json',
    `calls/${CALL}/streaming/restart`,
    `calls/${CALL}/../${OTHER_CALL}/hang-up/x`,
  ].map(
    (path): HostileCase => ({
      what: `asking as a worker for what is no operation on a call: ${path}`,
      request: async (world) => ({
        method: 'POST',
        target: `/api/worker/${path}`,
        headers: [bearer(await world.callToken())],
      }),
      status: 404,
      problem: 'operation-not-found',
    }),
  ),
];

/** Who tries to be ACS, Event Grid or a relay. */
const asOtherServices: readonly HostileCase[] = [
  ...(
    [
      ['no token', async () => undefined],
      [
        'a token for another audience',
        (world: HostileWorld) => world.acsToken({ aud: '99999999-9999-9999-9999-999999999999' }),
      ],
      ['a token of another issuer', (world: HostileWorld) => world.acsToken({ iss: 'https://evil.example' })],
      [
        'a token that expired',
        (world: HostileWorld) => world.acsToken({ exp: Math.floor(Date.now() / 1_000) - 400 }),
      ],
      ['a token of Entra ID', (world: HostileWorld) => world.entraToken({ aud: ACS_AUDIENCE })],
      ['a token of the call', (world: HostileWorld) => world.callToken()],
      ['the ticket of the call', (world: HostileWorld) => world.ticket()],
      [
        'a token by the public key as a secret',
        async (world: HostileWorld) =>
          await world.signed({ aud: ACS_AUDIENCE, iss: 'https://acs.example' }, await world.acsPublicKey(), {
            kid: 'key-1',
          }),
      ],
    ] as const
  ).map(
    ([what, token]): HostileCase => ({
      what: `a callback with ${what}`,
      request: async (world) => {
        const given = await token(world);
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
      status: 401,
    }),
  ),
  ...(
    [
      ['POST', 'restart', (world: HostileWorld) => world.ticket(OTHER_CALL)],
      ['POST', 'restart', (world: HostileWorld) => world.ticket(CALL, -60_000)],
      ['POST', 'restart', (world: HostileWorld) => world.callToken()],
      ['PUT', 'handover', (world: HostileWorld) => world.callToken()],
      ['GET', 'handover', (world: HostileWorld) => world.ticket(OTHER_CALL)],
    ] as const
  ).map(
    ([method, what, token], index): HostileCase => ({
      what: `a relay without the ticket of the call: ${method} ${what} (${index})`,
      request: async (world) => ({
        method,
        target: `/api/calls/${CALL}/streaming/${what}`,
        headers: [bearer(await token(world))],
        ...(method === 'GET' ? {} : { body: 'a.b.c.d.e' }),
      }),
      status: 401,
      problem: 'unauthorized',
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
    status: 401,
  },
];

export const CALLERS: readonly HostileCase[] = [
  ...withKeys,
  tokenInsteadOfKey,
  ...withEntra,
  ...withCallTokens,
  ...asOtherServices,
];
