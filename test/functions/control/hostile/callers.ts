/** Callers who are not who they say, or may not do what they ask. */
import { UnsecuredJWT } from 'jose';
import { AUDIENCE, OBJECT_ID, TENANT_ID } from '../../../support/entra-tenant.ts';
import { bearer, type HostileCase } from './hostile-case.ts';
import { CALL, FUNCTION_KEY, type HostileFixture, OTHER_CALL, TICKET_KEY } from './hostile-fixture.ts';

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
  request: async (fixture) => ({
    method: 'POST',
    target: HANG_UP,
    headers: [bearer(await fixture.entraToken())],
  }),
  status: 401,
};

/** Tokens that are refused by the app that asks for tokens of Entra ID. */
const entraTokens: readonly [string, (fixture: HostileFixture) => Promise<string> | string, number?][] = [
  ['that expired', (fixture) => fixture.entraToken({ exp: Math.floor(Date.now() / 1_000) - 400 })],
  ['that is not valid yet', (fixture) => fixture.entraToken({ nbf: Math.floor(Date.now() / 1_000) + 400 })],
  ['that never expires', (fixture) => fixture.entraToken({ exp: undefined })],
  ['for another audience', (fixture) => fixture.entraToken({ aud: 'api://another' })],
  [
    'of another issuer',
    (fixture) => fixture.entraToken({ iss: 'https://login.microsoftonline.com/another/v2.0' }),
  ],
  ['of another tenant', (fixture) => fixture.entraToken({ tid: '99999999-9999-9999-9999-999999999999' })],
  ['that is an ID token', (fixture) => fixture.entraToken({ azp: undefined })],
  ['of nobody', (fixture) => fixture.entraToken({ oid: undefined })],
  [
    'signed with another key',
    (fixture) =>
      fixture.acsToken({
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
    async (fixture) => `${(await fixture.entraToken()).split('.').slice(0, 2).join('.')}.`,
  ],
  [
    'with claims that were changed',
    async (fixture) => {
      const [header, , signature] = (await fixture.entraToken({}, ['Calls.Read'])).split('.');
      const [, changed] = (await fixture.entraToken()).split('.');
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
    async (fixture) =>
      await fixture.signed(
        { aud: AUDIENCE, tid: TENANT_ID, oid: OBJECT_ID, azp: 'a', roles: ['Calls.Control'], sub: CALL },
        await fixture.entraPublicKey(),
        { kid: 'key-1' },
      ),
  ],
  [
    'by the public key as a secret, as if of a call',
    async (fixture) => await fixture.signed({ aud: 'calls', sub: CALL }, await fixture.entraPublicKey()),
  ],
  [
    'that brings its own key',
    async (fixture) =>
      await fixture.signed({ aud: 'calls', sub: CALL }, 'a key that nobody knows, of enough bytes', {
        jku: 'https://evil.example/keys',
        jwk: { kty: 'oct', k: 'a2V5' },
      }),
  ],
  ['that is nonsense', () => 'a.b.c'],
  ['that is very long', () => 'x'.repeat(9_000)],
  ['with the role to read, which does not suffice', (fixture) => fixture.entraToken({}, ['Calls.Read']), 403],
  ['with no role', (fixture) => fixture.entraToken({}, []), 403],
  [
    'with a role of another spelling',
    (fixture) => fixture.entraToken({}, ['calls.control', 'Calls.Control ']),
    403,
  ],
  ['with scopes instead of roles', (fixture) => fixture.entraToken({ scp: 'Calls.Control' }, []), 403],
];

const withEntra: readonly HostileCase[] = [
  ...entraTokens.map(
    ([what, token, status = 401]): HostileCase => ({
      what: `hanging up with a token of Entra ID ${what}`,
      api: 'entra',
      request: async (fixture) => ({
        method: 'POST',
        target: HANG_UP,
        headers: [bearer(await token(fixture))],
      }),
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
    request: async (fixture) => ({
      method: 'POST',
      target: `${HANG_UP}?access_token=${await fixture.entraToken()}`,
    }),
    status: 401,
    problem: 'unauthorized',
  },
];

/** Tokens that do not open a call at the address for workers. */
const callTokens: readonly [string, (fixture: HostileFixture) => Promise<string> | string, number?][] = [
  ['of another call', (fixture) => fixture.callToken(OTHER_CALL), 403],
  ['that expired', (fixture) => fixture.callToken(CALL, -60_000)],
  [
    'by another key',
    (fixture) => fixture.callToken(CALL, 600_000, 'another key, of thirty-two bytes or more'),
  ],
  [
    'that never expires',
    (fixture) => fixture.signed({ aud: 'calls', sub: CALL, exp: undefined }, TICKET_KEY),
  ],
  ['of every call', (fixture) => fixture.signed({ aud: 'calls', sub: '*' }, TICKET_KEY)],
  ['of no call', (fixture) => fixture.signed({ aud: 'calls' }, TICKET_KEY)],
  [
    'for several audiences, none of which it is',
    (fixture) => fixture.signed({ aud: ['relay', 'call'], sub: CALL }, TICKET_KEY),
  ],
  ['that is the ticket', (fixture) => fixture.ticket()],
  ['that is the proof of the relay', (fixture) => fixture.relayProof('restart')],
  [
    'without an algorithm',
    () => new UnsecuredJWT({ aud: 'calls', sub: CALL }).setExpirationTime('1h').encode(),
  ],
  ['of Entra ID, where keys are asked for elsewhere', (fixture) => fixture.entraToken()],
  ['of Azure Communication Services', (fixture) => fixture.acsToken()],
];

const withCallTokens: readonly HostileCase[] = [
  ...callTokens.map(
    ([what, token, status = 401]): HostileCase => ({
      what: `hanging up as a worker with a token ${what}`,
      request: async (fixture) => ({
        method: 'POST',
        target: WORKER_HANG_UP,
        headers: [bearer(await token(fixture))],
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
    request: async (fixture) => ({
      method: 'POST',
      target: `/api/calls/${OTHER_CALL}/hang-up`,
      headers: [bearer(fixture.callToken())],
    }),
    status: 403,
    problem: 'forbidden',
  },
  ...(['keys', 'entra'] as const).flatMap((api) =>
    ['callId', 'CALLID', 'call%49d'].map(
      (name): HostileCase => ({
        what: `hanging up another call as a worker, with its own in the query as ${name} (${api})`,
        api,
        request: async (fixture) => ({
          method: 'POST',
          target: `/api/worker/calls/${OTHER_CALL}/hang-up?${name}=${CALL}`,
          headers: [bearer(await fixture.callToken())],
        }),
        status: 403,
        problem: 'forbidden',
      }),
    ),
  ),
  {
    what: 'hanging up another call with a token of Entra ID to read and a call token in the query',
    api: 'entra',
    request: async (fixture) => ({
      method: 'POST',
      target: `/api/calls/${OTHER_CALL}/hang-up?callId=${CALL}`,
      headers: [bearer(await fixture.entraToken({}, ['Calls.Read']))],
    }),
    status: 403,
    problem: 'forbidden',
  },
  {
    what: 'hanging up as a worker with headers in the query, which take the place of its own',
    request: async (fixture) => ({
      method: 'POST',
      target: `${WORKER_HANG_UP}?headers=none`,
      headers: [bearer(await fixture.callToken())],
    }),
    status: 401,
    problem: 'unauthorized',
  },
  ...(['GET', 'POST'] as const).map(
    (method): HostileCase => ({
      what: `asking for all calls with the token of one: ${method}`,
      api: 'entra',
      request: async (fixture) => ({
        method,
        target: `/api/calls?callId=${CALL}`,
        headers: [bearer(fixture.callToken())],
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
      request: async (fixture) => ({
        method: 'POST',
        target: `/api/worker/${path}`,
        headers: [bearer(fixture.callToken())],
      }),
      status: 404,
      problem: 'operation-not-found',
    }),
  ),
];

export const CALLERS: readonly HostileCase[] = [
  ...withKeys,
  tokenInsteadOfKey,
  ...withEntra,
  ...withCallTokens,
];
