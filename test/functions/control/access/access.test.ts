import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Access, createAccess } from '../../../../functions/control/access/access.ts';
import { createEntraTokenVerifier } from '../../../../functions/control/access/entra-token.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { withoutWorker, withWorker } from '../../../../functions/control/call/workers.ts';
import { ProblemError } from '../../../../functions/control/http/problems.ts';
import { type Endpoint, isMutation } from '../../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { aCall, CALL_ID, PLAN, T0 } from '../../../support/calls.ts';
import { TICKET_KEY } from '../../../support/control-fixture.ts';
import {
  AUDIENCE,
  type EntraTenant,
  OBJECT_ID,
  startEntraTenant,
  TENANT_ID,
} from '../../../support/entra-tenant.ts';

/** It hears the call and does not speak. */
const LISTENER = { name: 'spy', speaks: false } as const;
/** The worker of the call's plan, as a caller. */
const CALLER = `call:${CALL_ID}:echo`;
const OTHER_CALL = 'bbbbccccddddeeeebbbbccccddddeeee';

let tenant: EntraTenant;
let nowMs: number;
let access: Access;
/** The row of the call. */
let call: Call;

beforeAll(async () => {
  tenant = await startEntraTenant(() => T0);
});
afterAll(() => tenant?.close());

beforeEach(() => {
  nowMs = T0;
  access = accessOf(true);
  call = aCall({
    phase: 'connected',
    plan: { ...PLAN, workers: [...PLAN.workers, { ...LISTENER, listen: { mode: 'chunk', ms: 100 } }] },
  });
});

function accessOf(withEntra: boolean, keyMayListen?: boolean): Access {
  const entra = createEntraTokenVerifier({
    tenantId: TENANT_ID,
    audience: AUDIENCE,
    issuers: [tenant.issuer],
    jwksUrl: tenant.jwksUrl,
  });
  return createAccess({
    ticketKeys: [TICKET_KEY],
    ...(withEntra ? { entra } : {}),
    readCall: async (callId) => (callId === CALL_ID ? call : undefined),
    now: () => nowMs,
    readsPerMinute: 60,
    actsPerMinute: 12,
    ...(keyMayListen === undefined ? {} : { keyMayListen }),
  });
}

/** An operation about what was said on a call. */
const LISTENING: Endpoint = { ...ENDPOINTS.getTimeline, role: 'Calls.Listen' };

/** The caller's id, or the name of the problem. */
async function ask(
  id: OperationId,
  request: Partial<Parameters<Access['authorize']>[0]> & { token?: string },
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

const callToken = (callId = CALL_ID, worker = 'echo'): string =>
  signCallToken({ callId, worker, expiresAtMs: T0 + 600_000 }, TICKET_KEY);

describe('who may use the HTTP API', () => {
  it('everybody may read its description', async () => {
    expect(await ask('getOpenApi', {})).toBe('anybody');
  });

  it('whoever had a key that the host has checked may do everything', async () => {
    for (const id of ['listCalls', 'placeCall', 'hangUp'] as const)
      expect(await ask(id, { hostCheck: 'function-key', callId: CALL_ID })).toBe('function-key');
  });

  it('what was said on a call is open to the role for it alone, which no other role includes', async () => {
    const asWith = async (
      by: Access,
      request: Pick<Parameters<Access['authorize']>[0], 'hostCheck'>,
      token = '',
    ): Promise<unknown> => {
      const headers = new Headers(token === '' ? {} : { authorization: `Bearer ${token}` });
      const asked = { headers, callId: CALL_ID, ...request };
      const opens = await by.authorize(asked, LISTENING).catch(() => undefined);
      const reading = await by.authorize(asked, ENDPOINTS.getTimeline).catch(() => undefined);
      return { opens: opens !== undefined, reads: reading !== undefined, mayListen: reading?.mayListen };
    };
    const token = { hostCheck: 'nothing' } as const;
    const closed = { opens: false, reads: true, mayListen: false };
    const open = { opens: true, reads: true, mayListen: true };
    for (const roles of [['Calls.Read'], ['Calls.Control'], ['Calls.Read', 'Calls.Control']])
      expect(await asWith(access, token, await tenant.token(roles)), roles.join()).toEqual(closed);
    for (const role of ['Calls.Read', 'Calls.Control'])
      expect(await asWith(access, token, await tenant.token([role, 'Calls.Listen'])), role).toEqual(open);
    expect(await asWith(access, token, await tenant.token(['Calls.Listen'])), 'it reads no calls').toEqual({
      opens: true,
      reads: false,
      mayListen: undefined,
    });
    expect(await asWith(access, token, callToken()), 'a worker').toEqual(closed);
    const key = { hostCheck: 'function-key' } as const;
    expect(await asWith(access, key), 'a key').toEqual(closed);
    expect(await asWith(accessOf(false, true), key), 'a key, by the setting').toEqual(open);
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
    const token = callToken();
    for (const by of [access, accessOf(false)]) {
      expect(await ask('getCall', { token, callId: CALL_ID }, by)).toBe(CALLER);
      expect(await ask('transfer', { token, callId: CALL_ID }, by)).toBe(CALLER);
      expect(await ask('getCall', { token, callId: OTHER_CALL }, by)).toBe('forbidden');
      expect(await ask('listCalls', { token }, by)).toBe('forbidden');
      expect(await ask('placeCall', { token }, by)).toBe('forbidden');
      expect(await ask('placeCall', { token, callId: CALL_ID }, by), 'an operation that is of no call').toBe(
        'forbidden',
      );
    }
  });

  it('nothing is open once the call must be over', async () => {
    const token = callToken();
    nowMs = T0 + 700_000;
    expect(await ask('getCall', { token, callId: CALL_ID })).toBe('unauthorized');
  });

  /** Every operation on a call, as slowly as the rate limits want it. */
  function* eachInItsTime(): Generator<[string, Endpoint]> {
    for (const [id, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
      nowMs += 5_000;
      if (endpoint.path.includes('{callId}')) yield [id, endpoint];
    }
  }

  it('a worker that only listens reads everything and changes nothing, and is told why', async () => {
    const token = callToken(CALL_ID, LISTENER.name);
    for (const [id, endpoint] of eachInItsTime())
      expect(await ask(id as OperationId, { token, callId: CALL_ID }), id).toBe(
        isMutation(endpoint) ? 'forbidden' : `call:${CALL_ID}:spy`,
      );
    const headers = new Headers({ authorization: `Bearer ${token}` });
    await expect(
      access.authorize({ headers, hostCheck: 'nothing', callId: CALL_ID }, ENDPOINTS.hangUp),
    ).rejects.toThrow('The worker spy only listens ("speaks": false)');
  });

  it('a worker that is not on the call, or not any more, has nothing open', async () => {
    for (const worker of ['stranger', 'echo']) {
      call = withoutWorker(call, 'echo');
      const token = callToken(CALL_ID, worker);
      for (const [id] of eachInItsTime())
        expect(await ask(id as OperationId, { token, callId: CALL_ID }), id).toBe('unauthorized');
    }
  });

  it('a worker that joins again has its access again, as it joins now', async () => {
    const token = callToken();
    call = withWorker(withoutWorker(call, 'echo'), { name: 'echo' });
    expect(await ask('hangUp', { token, callId: CALL_ID })).toBe(CALLER);
    call = withWorker(withoutWorker(call, 'echo'), { name: 'echo', speaks: false });
    expect(await ask('hangUp', { token, callId: CALL_ID })).toBe('forbidden');
    expect(withWorker(call, { name: 'echo' }), 'as with the relay, one that is there stays as it is').toBe(
      call,
    );
  });

  it('nothing can be read once the call has ended, and what would change it is left to say so', async () => {
    call = { ...call, phase: 'ended' };
    const listener = callToken(CALL_ID, LISTENER.name);
    for (const [id, endpoint] of eachInItsTime()) {
      const asked = (token: string) => ask(id as OperationId, { token, callId: CALL_ID });
      expect(await asked(callToken()), id).toBe(isMutation(endpoint) ? CALLER : 'unauthorized');
      expect(await asked(listener), id).toBe(isMutation(endpoint) ? 'forbidden' : 'unauthorized');
    }
  });

  it('a call of which nothing is stored is not found', async () => {
    expect(await ask('getCall', { token: callToken(OTHER_CALL), callId: OTHER_CALL })).toBe('call-not-found');
  });

  it('only who may change the call gets whole ids', async () => {
    const mayAct = async (token: string): Promise<boolean> => {
      const headers = new Headers({ authorization: `Bearer ${token}` });
      const request = { headers, hostCheck: 'nothing', callId: CALL_ID } as const;
      return (await access.authorize(request, ENDPOINTS.listParticipants)).mayAct;
    };
    expect(await mayAct(callToken())).toBe(true);
    expect(await mayAct(callToken(CALL_ID, LISTENER.name))).toBe(false);
    expect(await mayAct(await tenant.token(['Calls.Read']))).toBe(false);
    expect(await mayAct(await tenant.token(['Calls.Read', 'Calls.Control']))).toBe(true);
  });
});

describe('how often a caller may ask', () => {
  it('is limited for each caller, and for reading and acting apart', async () => {
    const token = callToken();
    const key = { hostCheck: 'function-key' } as const;
    expect([await ask('placeCall', key), await ask('placeCall', key)]).toEqual([
      'function-key',
      'function-key',
    ]);
    expect(await ask('placeCall', key), 'the third act of a burst of two').toBe('too-many-requests');
    expect(await ask('listCalls', key), 'reading').toBe('function-key');
    expect(await ask('hangUp', { token, callId: CALL_ID }), 'another caller').toBe(CALLER);
    nowMs += 5_000;
    expect(await ask('placeCall', key), 'five seconds later').toBe('function-key');
  });

  it('is limited for each worker of a call, and by each instance for itself', async () => {
    const read = (worker: string, by = access) =>
      ask('getCall', { token: callToken(CALL_ID, worker), callId: CALL_ID }, by);
    const burst = await Promise.all(Array.from({ length: 11 }, () => read('echo')));
    // Tokens are verified side by side, so any of the eleven may come last.
    expect(burst.toSorted()).toEqual([...Array(10).fill(CALLER), 'too-many-requests']);
    expect(await read(LISTENER.name), 'another worker').toBe(`call:${CALL_ID}:spy`);
    expect(await read('echo', accessOf(true)), 'another instance').toBe(CALLER);
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
