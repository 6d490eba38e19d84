import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Access,
  type AccessRequest,
  createAccess,
} from '../../../../functions/control/access/access.ts';
import { createEntraTokenVerifier } from '../../../../functions/control/access/entra-token.ts';
import { ProblemError } from '../../../../functions/control/http/problems.ts';
import { ENDPOINTS, type OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CALL_ID, T0 } from '../../../support/calls.ts';
import { TICKET_KEY } from '../../../support/control-fixture.ts';
import {
  AUDIENCE,
  type EntraTenant,
  OBJECT_ID,
  startEntraTenant,
  TENANT_ID,
} from '../../../support/entra-tenant.ts';

const OTHER_CALL = 'bbbbccccddddeeeebbbbccccddddeeee';

let tenant: EntraTenant;
let nowMs: number;
let access: Access;

beforeAll(async () => {
  tenant = await startEntraTenant(() => T0);
});
afterAll(() => tenant?.close());

beforeEach(() => {
  nowMs = T0;
  access = accessOf(true);
});

function accessOf(withEntra: boolean): Access {
  const entra = createEntraTokenVerifier({
    tenantId: TENANT_ID,
    audience: AUDIENCE,
    issuers: [tenant.issuer],
    jwksUrl: tenant.jwksUrl,
  });
  return createAccess({
    ticketKeys: [TICKET_KEY],
    ...(withEntra ? { entra } : {}),
    now: () => nowMs,
    readsPerMinute: 60,
    actsPerMinute: 12,
  });
}

/** The caller's id, or the name of the problem. */
async function ask(
  id: OperationId,
  request: Partial<AccessRequest> & { token?: string },
  by = access,
): Promise<string> {
  const { token, ...rest } = request;
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
  try {
    return (await by.authorize({ headers, hostCheck: 'nothing', ...rest }, ENDPOINTS[id])).id;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.message, 'what the caller reads holds nothing of the token').not.toContain(token ?? '?');
    return error.problem.type.replace('urn:trunkline:problem:', '');
  }
}

const callToken = (callId = CALL_ID): Promise<string> =>
  signCallToken({ callId, expiresAtMs: T0 + 600_000 }, TICKET_KEY);

describe('who may use the HTTP API', () => {
  it('everybody may read its description', async () => {
    expect(await ask('getOpenApi', {})).toBe('anybody');
  });

  it('whoever had a key that the host has checked may do everything', async () => {
    for (const id of ['listCalls', 'placeCall', 'hangUp'] as const)
      expect(await ask(id, { hostCheck: 'function-key', callId: CALL_ID })).toBe('function-key');
  });

  it('where the host has checked nothing, whoever has no token may do nothing', async () => {
    for (const id of Object.keys(ENDPOINTS) as OperationId[])
      if (id !== 'getOpenApi') expect(await ask(id, { callId: CALL_ID }), id).toBe('unauthorized');
  });

  it('headers that anybody can write prove nothing', async () => {
    const headers = new Headers({
      'x-functions-key': 'anything',
      'x-ms-client-principal': Buffer.from('{"userRoles":["Calls.Control"]}').toString('base64'),
      'x-ms-client-principal-id': OBJECT_ID,
      'x-ms-token-aad-access-token': await tenant.token(['Calls.Control']),
    });
    expect(await ask('listCalls', { headers })).toBe('unauthorized');
  });
});

describe('with a token of Entra ID', () => {
  it('who may read may not act, and who may act may read', async () => {
    const reader = await tenant.token(['Calls.Read']);
    const controller = await tenant.token(['Calls.Control']);
    expect(await ask('getCall', { token: reader, callId: CALL_ID })).toBe(`entra:${OBJECT_ID}`);
    expect(await ask('hangUp', { token: reader, callId: CALL_ID })).toBe('forbidden');
    expect(await ask('getCall', { token: controller, callId: CALL_ID })).toBe(`entra:${OBJECT_ID}`);
    expect(await ask('placeCall', { token: controller })).toBe(`entra:${OBJECT_ID}`);
  });

  it('roles of other names, or none, suffice for nothing', async () => {
    for (const roles of [[], ['calls.read'], ['Calls.Read.All'], ['Calls'], ['*']])
      expect(await ask('listCalls', { token: await tenant.token(roles) }), JSON.stringify(roles)).toBe(
        'forbidden',
      );
  });

  it('nothing is open where function keys protect the API', async () => {
    const byKeys = accessOf(false);
    const token = await tenant.token(['Calls.Control']);
    expect(await ask('listCalls', { token }, byKeys)).toBe('unauthorized');
    expect(await ask('hangUp', { token, callId: CALL_ID }, byKeys)).toBe('unauthorized');
  });

  it('a caller is told to come again while the keys of the tenant cannot be had', async () => {
    tenant.isDown = true;
    expect(await ask('listCalls', { token: await tenant.token(['Calls.Read']) })).toBe(
      'token-keys-unavailable',
    );
    tenant.isDown = false;
  });
});

describe('with the token of a call', () => {
  it('everything about that call is open, and nothing about another or about calls as such', async () => {
    const token = await callToken();
    for (const by of [access, accessOf(false)]) {
      expect(await ask('getCall', { token, callId: CALL_ID }, by)).toBe(`call:${CALL_ID}`);
      expect(await ask('transfer', { token, callId: CALL_ID }, by)).toBe(`call:${CALL_ID}`);
      expect(await ask('getCall', { token, callId: OTHER_CALL }, by)).toBe('forbidden');
      expect(await ask('listCalls', { token }, by)).toBe('forbidden');
      expect(await ask('placeCall', { token }, by)).toBe('forbidden');
      expect(await ask('placeCall', { token, callId: CALL_ID }, by), 'an operation that is of no call').toBe(
        'forbidden',
      );
    }
  });

  it('nothing is open once the call must be over', async () => {
    const token = await callToken();
    nowMs = T0 + 700_000;
    expect(await ask('getCall', { token, callId: CALL_ID })).toBe('unauthorized');
  });
});

describe('how often a caller may ask', () => {
  it('is limited for each caller, and for reading and acting apart', async () => {
    const token = await callToken();
    const key = { hostCheck: 'function-key' } as const;
    expect([await ask('placeCall', key), await ask('placeCall', key)]).toEqual([
      'function-key',
      'function-key',
    ]);
    expect(await ask('placeCall', key), 'the third act of a burst of two').toBe('too-many-requests');
    expect(await ask('listCalls', key), 'reading').toBe('function-key');
    expect(await ask('hangUp', { token, callId: CALL_ID }), 'another caller').toBe(`call:${CALL_ID}`);
    nowMs += 5_000;
    expect(await ask('placeCall', key), 'five seconds later').toBe('function-key');
  });

  it('is told by Retry-After, in seconds', async () => {
    const request = { headers: new Headers(), hostCheck: 'function-key' } as const;
    for (let used = 0; used < 2; used += 1) await access.authorize(request, ENDPOINTS.placeCall);
    const refused = access.authorize(request, ENDPOINTS.placeCall);
    await expect(refused).rejects.toMatchObject({
      headers: { 'retry-after': '5' },
      problem: { status: 429 },
    });
  });

  it('costs nothing where the caller has no right', async () => {
    const reader = await tenant.token(['Calls.Read']);
    for (let tries = 0; tries < 5; tries += 1)
      expect(await ask('hangUp', { token: reader, callId: CALL_ID })).toBe('forbidden');
    expect(await ask('hangUp', { token: await tenant.token(['Calls.Control']), callId: CALL_ID })).toBe(
      `entra:${OBJECT_ID}`,
    );
  });
});
