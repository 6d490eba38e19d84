import { expect, it } from 'vitest';
import { ResidentCalls } from '../../../../../functions/workers/hosts/resident/resident-calls.ts';
import { defineWorker } from '../../../../../functions/workers/kit/define-worker.ts';
import { RelayClock, settled } from '../../../../relay/relay-clock.ts';
import { CALL_ID, STARTED } from '../../kit/lane-fixture.ts';

const worker = defineWorker({ name: 'resident', listen: { mode: 'stream' }, onAudio: () => undefined });

/** The calls of a process, and the connections that it opens, which start when the test says so. */
function setUp() {
  const starts: PromiseWithResolvers<void>[] = [];
  const calls = new ResidentCalls({
    hostId: 'this replica',
    clock: new RelayClock(),
    isControlApp: () => true,
    open: () => {
      const start = Promise.withResolvers<void>();
      starts.push(start);
      return { start: () => start.promise, publish: async () => {}, stop: () => {} };
    },
    onFailed: () => {},
    onDropped: () => {},
    onOver: () => {},
  });
  const body = new TextEncoder().encode(JSON.stringify(STARTED));
  const request = { callId: CALL_ID, contentType: 'application/json', body } as Parameters<
    ResidentCalls['handle']
  >[1];
  const answers: string[] = [];
  return {
    calls,
    starts,
    answers,
    start: () => void calls.handle(worker, request).then(({ outcome }) => answers.push(outcome)),
  };
}

it('answers a call that is delivered twice only once it has joined: the relay publishes from then on', async () => {
  const { calls, starts, answers, start } = setUp();
  start();
  start();
  await settled();
  expect(answers).toEqual([]);
  starts[0]?.resolve();
  await settled();
  expect(answers).toEqual(['silent', 'silent']);
  expect({ connections: starts.length, calls: calls.size }).toEqual({ connections: 1, calls: 1 });
  await calls.close();
});

it('says of both that the call is not there when it cannot be joined', async () => {
  const { calls, starts, answers, start } = setUp();
  start();
  start();
  starts[0]?.reject(new Error('no connection'));
  await settled();
  expect(answers).toEqual(['failed', 'failed']);
  expect(calls.size).toBe(0);
});
