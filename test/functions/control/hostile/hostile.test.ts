import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEM_CONTENT_TYPE, problemType } from '../../../../shared/wire/api/problem.ts';
import { encodedJson } from '../../../support/encoded-json.ts';
import { CALLERS } from './callers.ts';
import { bearer, type HostileCase, JSON_TYPE } from './hostile-case.ts';
import { CALL, CONNECTION, FUNCTION_KEY, HostileFixture, OTHER_CALL, TICKET_KEY } from './hostile-fixture.ts';
import { OTHER_SERVICES } from './other-services.ts';
import { REQUESTS, USED_KEY } from './requests.ts';

const CASES: readonly HostileCase[] = [...CALLERS, ...OTHER_SERVICES, ...REQUESTS];

let fixture: HostileFixture;

beforeAll(async () => {
  fixture = await HostileFixture.start();
  const first = await fixture.send('keys', {
    method: 'POST',
    target: `/api/calls/${CALL}/transfer`,
    headers: [['x-functions-key', FUNCTION_KEY], JSON_TYPE, ['idempotency-key', USED_KEY]],
    body: '{"target":"+882165550100"}',
  });
  expect(first.status, 'the request that uses the key first').toBe(403);
});
afterAll(() => fixture?.close());

describe('a hostile request is refused and changes nothing', () => {
  /** As the last one left them. */
  let rows: readonly string[];
  beforeAll(async () => {
    rows = await fixture.rows();
  });

  it('there are enough of them', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(80);
  });

  it.each<HostileCase>(CASES)('$what: $status', async ({ api = 'keys', request, status, problem }) => {
    const before = rows;
    const answer = await fixture.send(api, await request(fixture));
    expect({ status: answer.status, type: typeOf(answer.body) }).toEqual({
      status,
      type: problem === undefined ? expect.anything() : problemType(problem),
    });
    if (problem !== undefined) expect(answer.headers.get('content-type')).toBe(PROBLEM_CONTENT_TYPE);
    if (problem === 'unauthorized') expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    rows = await fixture.rows();
    expect(rows, 'the rows of all tables').toEqual(before);
    expect(fixture.asked, 'what Azure Communication Services is asked for').toEqual([]);
  });

  it('and nothing of a key, token or ticket is printed', () => {
    for (const secret of [FUNCTION_KEY, TICKET_KEY, '882165550100', '14255550100'])
      expect(fixture.printed, 'what the apps have printed').not.toContain(secret);
    expect(encodedJson(fixture.printed), 'encoded JSON the apps have printed').toEqual([]);
  });
});

/** The type of a problem; "none" for other bodies. */
function typeOf(body: string): string {
  try {
    const { type } = JSON.parse(body) as { type?: unknown };
    return typeof type === 'string' ? type : 'none';
  } catch {
    return 'none';
  }
}

describe('a callback that ACS has signed', () => {
  const event = (fields: Record<string, unknown> = {}, data: Record<string, unknown> = {}): string =>
    JSON.stringify([
      {
        id: 'event-1',
        source: `calling/callConnections/${CONNECTION}`,
        type: 'Microsoft.Communication.ParticipantsUpdated',
        time: new Date().toISOString(),
        specversion: '1.0',
        data: { callConnectionId: CONNECTION, participants: [], sequenceNumber: 1, ...data },
        ...fields,
      },
    ]);

  const post = async (callId: string, body: string): Promise<number> => {
    const headers = [JSON_TYPE, bearer(await fixture.acsToken())];
    return (await fixture.send('keys', { method: 'POST', target: `/api/callbacks/${callId}`, headers, body }))
      .status;
  };

  const callRows = async (): Promise<readonly string[]> =>
    (await fixture.rows()).filter((row) => row.startsWith('calls '));

  it('changes nothing when it is about a call that is not there, or no event at all', async () => {
    const before = await fixture.rows();
    expect(await post('c'.repeat(32), event())).toBe(404);
    expect(await post('..%2f..', event())).toBe(404);
    expect(await post(`${CALL}?callid=${OTHER_CALL}`, event()), 'a call in the query').toBe(404);
    expect(await post(CALL, '{')).toBe(400);
    expect(await post(CALL, '[{"__proto__":{"type":"x"}},1,null,"x"]')).toBe(200);
    expect(await fixture.rows()).toEqual(before);
  });

  it('leaves a call alone whose connection it is not about, however often it comes', async () => {
    const before = await callRows();
    const ended = event({ id: 'foreign', type: 'Microsoft.Communication.CallDisconnected' });
    expect(await post(OTHER_CALL, ended)).toBe(200);
    const after = await fixture.rows();
    expect(await post(OTHER_CALL, ended), 'again').toBe(200);
    expect(await fixture.rows(), 'nothing happens the second time').toEqual(after);
    const phases = (rows: readonly string[]): (string | undefined)[] =>
      rows.map((row) => /\\"phase\\":\\"(\w+)\\"/.exec(row)?.[1]);
    expect(phases(await callRows())).toEqual(phases(before));
  });

  it('is applied once when it is replayed, also where it says that it comes from another time', async () => {
    for (const [id, time] of [
      ['now', new Date().toISOString()],
      ['future', '9999-12-31T23:59:59.999Z'],
      ['far future', '+275760-09-13T00:00:00.000Z'],
      ['past', '1970-01-01T00:00:00.000Z'],
      ['never', 'yesterday'],
    ]) {
      expect(await post(CALL, event({ id, time })), id).toBe(200);
      const once = await fixture.rows();
      expect(await post(CALL, event({ id, time })), `${id}, again`).toBe(200);
      expect(await fixture.rows(), id).toEqual(once);
    }
    const headers = [['x-functions-key', FUNCTION_KEY]] as const;
    const { body } = await fixture.send('keys', { target: `/api/calls/${CALL}/timeline`, headers });
    const { entries } = JSON.parse(body) as { entries: { id: string; atMs: number }[] };
    const latest = Math.max(...entries.map(({ atMs }) => atMs));
    expect(latest, 'no entry is of a time that has not come').toBeLessThanOrEqual(Date.now() + 5 * 60_000);
  });
});

it('nobody reaches the server behind HTTP streaming from another address than that of the host', async () => {
  const refused = once(connect({ host: '127.0.0.2', port: fixture.streamPort }), 'connect');
  await expect(refused).rejects.toThrow('ECONNREFUSED');
  const socket = connect({ host: '127.0.0.1', port: fixture.streamPort });
  await once(socket, 'connect');
  socket.destroy();
});

describe('a request of a caller who may make it', () => {
  it('is served, so that the others were refused for what is wrong with them', async () => {
    const read = { target: `/api/calls/${CALL}` };
    const asWorker = { target: `/api/worker/calls/${CALL}` };
    const key = ['x-functions-key', FUNCTION_KEY] as const;
    for (const [api, request] of [
      ['keys', { ...read, headers: [key] }],
      ['keys', { target: `${read.target}?code=${FUNCTION_KEY}` }],
      ['keys', { ...asWorker, headers: [bearer(fixture.callToken())] }],
      ['entra', { ...read, headers: [bearer(await fixture.entraToken({}, ['Calls.Read']))] }],
      ['entra', { ...read, headers: [bearer(fixture.callToken())] }],
      ['entra', { ...asWorker, headers: [bearer(fixture.callToken())] }],
    ] as const)
      expect((await fixture.send(api, request)).status, JSON.stringify([api, request.target])).toBe(200);
    const before = await fixture.rows();
    await fixture.send('keys', {
      method: 'POST',
      target: `/api/calls/${CALL}/streaming/start`,
      headers: [key],
    });
    expect(fixture.asked, 'what Azure Communication Services is asked for').toHaveLength(1);
    expect(await fixture.rows(), 'the rows of all tables').not.toEqual(before);
  });

  it('is the same with encoded characters and without, which the host makes one', async () => {
    const cancel = (invitation: string) =>
      fixture.send('keys', {
        method: 'POST',
        target: `/api/calls/${OTHER_CALL}/invitations/${invitation}/cancel`,
        headers: [
          ['x-functions-key', FUNCTION_KEY],
          ['idempotency-key', 'spelled'],
        ],
      });
    const first = await cancel('%69nv%2D1');
    const again = await cancel('inv-1');
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});
