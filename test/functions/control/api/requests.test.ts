import { HttpRequest } from '@azure/functions';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import { type Endpoint, isMutation, parametersOf } from '../../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CONNECTED_ID, connectedCall } from '../../../support/connected-call.ts';
import {
  type Answer,
  type ControlFixture,
  type RequestOptions,
  TICKET_KEY,
} from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

const MAX_BODY_BYTES = 131_072;

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall();
});

function ask(id: OperationId, options: RequestOptions = {}): Promise<Answer> {
  return fixture.ask(id, { ...options, params: { callId: CONNECTED_ID, ...options.params } });
}

/** Where a request is wrong, as the problem says it. */
function placesOf({ json }: Answer): string[] {
  const { errors } = json as { errors: { pointer?: string; parameter?: string; in?: string }[] };
  return errors.map(({ pointer, parameter, in: where }) => pointer ?? `${where} ${parameter}`).sort();
}

describe('a request that is not right', () => {
  it.each<[string, OperationId, RequestOptions, string[]]>([
    ['lacks members', 'sendDtmf', { body: {} }, ['#/participant', '#/tones']],
    ['has no body where one is needed', 'play', {}, ['#/source']],
    [
      'has members of wrong types, unknown ones and wrong parameters',
      'sendDtmf',
      {
        body: { participant: 7, tones: '12x', volume: 11 },
        query: { loud: '1', code: 'the key of the function' },
      },
      ['#/participant', '#/tones', '#/volume', 'query loud'],
    ],
    [
      'has wrong members deep inside',
      'recognize',
      {
        body: {
          participant: '+14255550177',
          input: { kind: 'dtmf', maxTones: 40, stopTones: ['pound', 'bell'] },
          prompt: { kind: 'file', url: 'file:///etc/passwd' },
        },
      },
      ['#/input/maxTones', '#/input/stopTones/1', '#/prompt/url'],
    ],
    ['has a kind that there is not', 'play', { body: { source: { kind: 'video' } } }, ['#/source/kind']],
    [
      'puts together what does not go together',
      'startRecording',
      { body: { content: 'audioVideo', channels: 'unmixed', format: 'wav' } },
      ['#/channels', '#/format'],
    ],
    ['is an array', 'transfer', { body: [] }, ['#']],
    ['is no JSON', 'transfer', { body: '{"target":' }, ['#']],
    ['has a body where none is taken', 'cancelPlay', { body: { now: true } }, ['#']],
    ['names nobody', 'muteParticipant', { body: { participant: 'you' } }, ['#/participant']],
    [
      'has a slash in a name',
      'cancelAddParticipant',
      { params: { invitationId: '..%2f..' } },
      ['path invitationId'],
    ],
    ['has a wrong worker name', 'detachWorker', { params: { worker: 'Echo!' } }, ['path worker']],
    [
      'has a wrong query',
      'listCalls',
      { query: { limit: '0', state: 'gone', after: 'x y', direction: 'up' } },
      ['query after', 'query direction', 'query limit', 'query state'],
    ],
    [
      'has a prototype for a member',
      'transfer',
      { body: '{"__proto__":{"target":"+14255550177"}}' },
      ['#/__proto__'],
    ],
    [
      'has a constructor inside',
      'sendMessage',
      { body: '{"data":{"a":[{"constructor":{"prototype":1}}]}}' },
      ['#/data/a/0/constructor'],
    ],
    [
      'lies too deep',
      'sendMessage',
      { body: `{"data":${'['.repeat(40)}${']'.repeat(40)}}` },
      [`#/data${'/0'.repeat(31)}`],
    ],
    [
      'holds more values than its schema is asked about',
      'sendMessage',
      { body: { data: Array.from({ length: 200 }, () => Array.from({ length: 50 }, () => 1)) } },
      ['#'],
    ],
    [
      'has a text that is too long',
      'play',
      { body: { source: { kind: 'text', text: 'a'.repeat(4_001) } } },
      ['#/source/text'],
    ],
  ])('is refused with everything that is wrong: it %s', async (_, id, options, places) => {
    const answer = await ask(id, options);
    expectProblem(answer, 'invalid-request');
    expect(placesOf(answer)).toEqual(places);
    expect(fixture.acs.operations).toEqual([]);
  });

  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=utf-16', 415],
    ['application/jsonx', 415],
    ['', 415],
    ['application/json', 202],
    ['Application/JSON; charset="UTF-8"', 202],
  ])('is read by its content type: %j gives %d', async (type, status) => {
    const answer = await ask('play', {
      body: { source: { kind: 'ssml', ssml: '<speak/>' } },
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(status);
    if (status === 415) expectProblem(answer, 'unsupported-media-type');
  });

  it('needs no content type where it has no body', async () => {
    expect((await ask('cancelPlay', { headers: { 'content-type': 'text/plain' } })).status).toBe(202);
  });

  it('is not read further than a body may be long', async () => {
    expectProblem(await ask('play', { body: `"${'x'.repeat(MAX_BODY_BYTES)}"` }), 'payload-too-large');
    expectProblem(
      await ask('play', { body: '{}', headers: { 'content-length': String(MAX_BODY_BYTES + 1) } }),
      'payload-too-large',
    );
  });

  it('must arrive in time', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort());
    const answer = await ask('play', { body: { source: { kind: 'ssml', ssml: '<speak/>' } } });
    vi.restoreAllMocks();
    expectProblem(answer, 'invalid-request');
    expect(answer.json).toMatchObject({ errors: [{ pointer: '#', detail: 'must arrive within 30000 ms' }] });
  });

  it('is answered with 20 of its problems and their number, however many there are', async () => {
    const body = Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`nothing${index}`, 1]));
    const answer = await ask('play', { body });
    expectProblem(answer, 'invalid-request');
    const { errors, detail } = answer.json as { errors: object[]; detail: string };
    expect(errors).toHaveLength(20);
    expect(detail).toMatch(/; and 5981 more\.$/);
    expect(JSON.stringify(answer.json).length).toBeLessThan(5_000);
  });

  it('is not answered at length for a long name', async () => {
    const answers = await Promise.all([
      ask('play', { body: { ['\u00e9~/'.repeat(10_000)]: 1 } }),
      ask('getTimeline', { query: { ['\u00e9'.repeat(10_000)]: '1' } }),
    ]);
    for (const answer of answers) {
      expectProblem(answer, 'invalid-request');
      expect(JSON.stringify(answer.json).length).toBeLessThan(2_000);
    }
  });

  it('must be UTF-8', async () => {
    const request = new HttpRequest({
      method: 'POST',
      url: `https://control.example/api/calls/${CONNECTED_ID}/messages`,
      params: { callId: CONNECTED_ID },
      headers: { 'content-type': 'application/json' },
      body: { bytes: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) },
    });
    const response = await handlerOf('sendMessage', fixture.load, 'function-key')(request, fixture.context());
    expect(response).toMatchObject({ status: 400 });
  });
});

describe('a query parameter with the name of a path parameter', () => {
  const PARAMS = { callId: CONNECTED_ID, participant: '+14255550177', worker: 'echo', invitationId: 'i' };
  const cases = (Object.keys(ENDPOINTS) as OperationId[]).flatMap((id) =>
    parametersOf(ENDPOINTS[id].path).flatMap((name) =>
      [name, name.toUpperCase()].map((given) => [id, given] as const),
    ),
  );

  it.each(cases)('is refused by %s: %s', async (id, given) => {
    // As the host hands it over: the value is that of the path, the name as the query spells it.
    const named = Object.entries(PARAMS).map(([name, value]) => [
      name.toLowerCase() === given.toLowerCase() ? given : name,
      value,
    ]);
    const answer = await fixture.ask(id, { params: Object.fromEntries(named), query: { [given]: 'x' } });
    expectProblem(answer, 'invalid-request');
    expect(placesOf(answer)).toContain(`query ${given}`);
  });

  it('is the name of no query parameter of ours', () => {
    for (const { path, query } of Object.values(ENDPOINTS) as Endpoint[])
      expect(Object.keys(query?.shape ?? {}).filter((name) => parametersOf(path).includes(name))).toEqual([]);
  });

  it('does not say which call the token of a call may be used for', async () => {
    const token = await signCallToken(
      { callId: CONNECTED_ID, worker: 'echo', expiresAtMs: fixture.nowMs + 60_000 },
      TICKET_KEY,
    );
    const headers = { authorization: `Bearer ${token}` };
    const other = 'b'.repeat(32);
    for (const [params, query] of [
      [{ callId: other }, { callId: CONNECTED_ID }],
      [{ callId: CONNECTED_ID }, { callId: CONNECTED_ID }],
      [{ CALLID: other }, { CALLID: CONNECTED_ID }],
    ] as const)
      expectProblem(
        await fixture.ask('hangUp', { hostCheck: 'nothing', headers, params, query }),
        'forbidden',
      );
    const listing = { hostCheck: 'nothing', headers, params: { callId: CONNECTED_ID } } as const;
    expectProblem(
      await fixture.ask('listCalls', { ...listing, query: { callId: CONNECTED_ID } }),
      'forbidden',
    );
  });
});

describe('every operation of the table', () => {
  const ids = Object.keys(ENDPOINTS) as OperationId[];
  const aboutCalls = ids.filter((id) => parametersOf(ENDPOINTS[id].path).includes('callId'));

  it.each(aboutCalls)('%s knows no call but by its id', async (id) => {
    for (const callId of [
      '',
      'a',
      'A'.repeat(32),
      `${'a'.repeat(31)}/`,
      '../../etc/passwd',
      '__proto__'.repeat(3),
    ])
      expectProblem(
        await fixture.ask(id, {
          params: { participant: '+14255550177', worker: 'echo', invitationId: 'i', callId },
        }),
        'call-not-found',
        callId,
      );
  });

  it.each(ids)('%s refuses a query parameter that it does not know', async (id) => {
    const options = {
      query: { unheard: 'of' },
      params: { participant: '+14255550177', worker: 'echo', invitationId: 'i' },
    };
    const answer = await ask(id, options);
    if (id === 'getOpenApi') expect(answer.status, 'its answer is the same for everybody').toBe(200);
    else expect(placesOf(answer)).toContain('query unheard');
  });

  it.each(ids.filter((id) => isMutation(ENDPOINTS[id] as Endpoint)))(
    '%s says what it needs when it is given nonsense',
    async (id) => {
      const options = {
        params: { participant: '+14255550177', worker: 'echo', invitationId: 'i' },
        body: '[1,2]',
      };
      expectProblem(await ask(id, options), 'invalid-request');
    },
  );
});
