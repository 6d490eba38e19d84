import { beforeEach, describe, expect, it } from 'vitest';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import type { CallControlMessage } from '../../../../shared/wire/relay/call-control-messages.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import type { Answer, ControlFixture, RequestOptions } from '../../../support/control-fixture.ts';
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
