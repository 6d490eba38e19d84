import { beforeEach, describe, expect, it } from 'vitest';
import { withoutWorker } from '../../../../functions/control/call/workers.ts';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import type { CallControlMessage } from '../../../../shared/wire/relay/call-control-messages.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import {
  type Answer,
  type ControlFixture,
  type RequestOptions,
  TICKET_KEY,
} from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

let fixture: ControlFixture;
let told: { callId: string; message: CallControlMessage }[];

beforeEach(async () => {
  fixture = await connectedCall();
  told = [];
  fixture.publishToRelay = async (callId, message) => void told.push({ callId, message });
});

function ask(id: OperationId, options: RequestOptions = {}): Promise<Answer> {
  return fixture.ask(id, {
    ...options,
    params: { callId: CONNECTED_ID, worker: 'robot', ...options.params },
  });
}

async function stream(): Promise<void> {
  await ask('startMediaStreaming');
  await report(fixture, 'MediaStreamingStarted');
}

describe('the workers of a call that lasts', () => {
  it('come, are told something and go by way of the relay that has the call', async () => {
    await stream();
    const listen = { mode: 'utterance', speechEvents: true } as const;
    expect((await ask('attachWorker', { body: { listen, priority: 3 } })).status).toBe(202);
    expect((await ask('attachWorker', { params: { worker: 'echo' } })).status).toBe(202);
    expect((await ask('sendMessage', { body: { data: { menu: [1, 2] }, worker: 'robot' } })).status).toBe(
      202,
    );
    expect((await ask('sendMessage', { body: { data: 'all of you' } })).status).toBe(202);
    expect((await ask('detachWorker')).status).toBe(202);
    expect(told.map(({ callId }) => callId)).toEqual(Array.from({ length: 5 }, () => CONNECTED_ID));
    expect(told.map(({ message }) => message)).toEqual([
      {
        type: 'attach',
        worker: {
          name: 'robot',
          priority: 3,
          listen: {
            mode: 'utterance',
            endSilenceMs: 500,
            maxMs: 15_000,
            minSpeechMs: 120,
            preRollMs: 300,
            speechEvents: true,
          },
        },
      },
      { type: 'attach', worker: { name: 'echo', listen: { mode: 'chunk', ms: 100 } } },
      { type: 'message', data: { menu: [1, 2] }, worker: 'robot' },
      { type: 'message', data: 'all of you' },
      { type: 'detach', worker: 'robot' },
    ]);
    const timeline = await fixture.store.timeline(CONNECTED_ID, 100);
    expect(timeline.slice(-5).map(({ type, details }) => [type, details['worker']])).toEqual([
      ['WorkerAttachSent', 'robot'],
      ['WorkerAttachSent', 'echo'],
      ['MessageSent', 'robot'],
      ['MessageSent', undefined],
      ['WorkerDetachSent', 'robot'],
    ]);
    expect(JSON.stringify(timeline) + fixture.logged.join()).not.toMatch(/all of you|menu/);
  });

  const tokenOf = (worker: string): Partial<RequestOptions> => {
    const holder = { callId: CONNECTED_ID, worker, expiresAtMs: fixture.nowMs + 60_000 };
    const token = signCallToken(holder, TICKET_KEY);
    return { hostCheck: 'nothing', headers: { authorization: `Bearer ${token}` } };
  };

  it('act on the call by their tokens from before the relay knows them until before it lets them go', async () => {
    await stream();
    const readable: number[] = [];
    fixture.publishToRelay = async () => void readable.push((await ask('getCall', tokenOf('robot'))).status);
    expect((await ask('getCall', tokenOf('robot'))).status).toBe(401);
    await ask('attachWorker');
    expect((await ask('sendMessage', { ...tokenOf('robot'), body: { data: 1 } })).status).toBe(202);
    await ask('detachWorker');
    const refused = await ask('getCall', tokenOf('robot'));
    expectProblem(refused, 'unauthorized');
    expect(refused.json).toMatchObject({ detail: expect.stringContaining('its worker is not on the call') });
    expect(readable, 'while the relay is told of attaching, the message and detaching').toEqual([
      200, 200, 401,
    ]);
    expect((await ask('getCall', tokenOf('echo'))).status, 'a worker of the plan').toBe(200);
  });

  it.each(['sendMessage', 'play', 'hangUp'] as const)(
    'cannot %s when they are detached before their request is whole',
    async (id) => {
      await stream();
      const text = JSON.stringify(
        id === 'sendMessage' ? { data: 1 } : id === 'play' ? { source: { kind: 'text', text: 'Hello' } } : {},
      );
      const { headers } = tokenOf('echo');
      // It is asked for when the request has been let in.
      const body = new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            expect((await ask('detachWorker', { params: { worker: 'echo' } })).status).toBe(202);
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      const request = {
        method: 'POST',
        headers: new Headers({ ...headers, 'content-type': 'application/json' }),
        query: new URLSearchParams(),
        params: { callId: CONNECTED_ID },
        body,
      };
      const answer = await handlerOf(id, fixture.load, 'nothing')(request as never, fixture.context());
      expect(answer).toMatchObject({ status: 401 });
      expect(told.map(({ message }) => message.type)).toEqual(['detach']);
      expect(fixture.acs.count('operate') + fixture.acs.count('hangUp')).toBe(0);
    },
  );

  it.each([
    ['play', { source: { kind: 'text', text: 'Hello' } }],
    ['hangUp', {}],
    ['attachWorker', {}],
    ['stopMediaStreaming', {}],
  ] as const)('cannot %s when they are detached between two attempts to store it', async (id, body) => {
    await stream();
    const { store } = fixture;
    const update = store.update.bind(store);
    store.update = async (callId, change, known) => {
      store.update = update;
      // By now the row is another one than the request has read.
      await update(callId, (call) => ({ call: withoutWorker(call, 'echo') }));
      return await update(callId, change, known);
    };
    const before = fixture.acs.asked.length;
    const refused = await ask(id, { ...tokenOf('echo'), body });
    expectProblem(refused, 'unauthorized');
    expect(refused.json).toMatchObject({ detail: expect.stringContaining('its worker is not on the call') });
    expect(fixture.acs.asked).toHaveLength(before);
    expect(told).toEqual([]);
    const { workers, operations, hangUpRequestedAtMs } = (await store.get(CONNECTED_ID)) ?? {};
    expect({ workers, operations, hangUpRequestedAtMs }).toEqual({ workers: [], operations: [] });
  });

  it('send a message that may pass the detachment of its sender', async () => {
    await stream();
    const { store } = fixture;
    const update = store.update.bind(store);
    store.update = async (callId, change, known) => {
      store.update = update;
      const changed = await update(callId, change, known);
      await update(callId, (call) => ({ call: withoutWorker(call, 'echo') }));
      return changed;
    };
    const send = { ...tokenOf('echo'), body: { data: { say: 'goodbye' } } };
    expect((await ask('sendMessage', send)).status, 'on its way').toBe(202);
    expect(told.map(({ message }) => message.type)).toEqual(['message']);
    expectProblem(await ask('sendMessage', send), 'unauthorized', 'after that');
    expect(told).toHaveLength(1);
  });

  it('are asked about before something is done, and not when it is recorded what was done', async () => {
    const { acs } = fixture;
    const operate = acs.operate.bind(acs);
    acs.operate = async (...asked) => {
      await fixture.store.update(CONNECTED_ID, (call) => ({ call: withoutWorker(call, 'echo') }));
      return await operate(...asked);
    };
    const body = { source: { kind: 'text', text: 'Hello' } };
    expect((await ask('play', { ...tokenOf('echo'), body })).status).toBe(202);
    const types = (await fixture.store.timeline(CONNECTED_ID, 100)).map(({ type }) => type);
    expect(types.at(-1)).toBe('OperationAnswered');
    expectProblem(await ask('play', { ...tokenOf('echo'), body }), 'unauthorized');
  });

  it('do not join where the relay cannot be told', async () => {
    await stream();
    fixture.publishToRelay = () => Promise.reject(new Error('refused'));
    expectProblem(await ask('attachWorker'), 'web-pubsub-unavailable');
    expectProblem(await ask('getCall', tokenOf('robot')), 'unauthorized');
    expectProblem(await ask('attachWorker', { params: { worker: 'echo' } }), 'web-pubsub-unavailable');
    expect((await ask('getCall', tokenOf('echo'))).status, 'it was on the call before').toBe(200);
  });

  it('cost no reading of the call beside the one of their request', async () => {
    await stream();
    const { store } = fixture;
    const [get, update] = [store.get.bind(store), store.update.bind(store)];
    let reads = 0;
    store.get = (callId) => {
      reads += 1;
      return get(callId);
    };
    store.update = (callId, change, known) => {
      if (known === undefined) reads += 1;
      return update(callId, change, known);
    };
    const readsOf = async (id: OperationId, options: RequestOptions): Promise<number> => {
      reads = 0;
      expect((await ask(id, options)).status, id).toBeLessThan(300);
      return reads;
    };
    for (const id of ['getCall', 'getTimeline', 'listParticipants', 'sendMessage', 'play'] as const) {
      const body = id === 'sendMessage' ? { data: 1 } : { source: { kind: 'text', text: 'Hello' } };
      const options = id === 'sendMessage' || id === 'play' ? { body } : {};
      const byKey = await readsOf(id, options);
      expect(await readsOf(id, { ...options, ...tokenOf('echo') }), id).toBe(byKey);
    }
  });

  it('cannot be reached while the audio is not streamed, nor after the end', async () => {
    expectProblem(await ask('attachWorker'), 'streaming-already-off');
    await report(fixture, 'CallDisconnected');
    expectProblem(await ask('sendMessage', { body: { data: 1 } }), 'call-ended');
    expect(told).toEqual([]);
  });

  it('need a way to them, and Web PubSub', async () => {
    await stream();
    fixture.publishToRelay = () => Promise.reject(new Error('https://secret.example refused'));
    const refused = await ask('detachWorker');
    expectProblem(refused, 'web-pubsub-unavailable');
    expect(JSON.stringify(refused.json) + fixture.logged.join()).not.toContain('secret.example');
    fixture.publishToRelay = undefined;
    expectProblem(await ask('detachWorker'), 'not-supported');
  });
});
