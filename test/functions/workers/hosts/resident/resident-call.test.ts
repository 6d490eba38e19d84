import { expect, it } from 'vitest';
import { ResidentCall } from '../../../../../functions/workers/hosts/resident/resident-call.ts';
import type { ResidentListener } from '../../../../../functions/workers/hosts/resident/resident-connection.ts';
import { defineWorker } from '../../../../../functions/workers/kit/define-worker.ts';
import { RelayClock } from '../../../../relay/relay-clock.ts';
import { until } from '../../../../support/until.ts';
import { CALL_ID, rtp, STARTED } from '../../kit/lane-world.ts';

const started = { contentType: 'application/json', body: Buffer.from(JSON.stringify(STARTED)) };

/** A call in whose group the test decides what is heard, and when the other replicas have been told. */
function joiningCall() {
  const clock = new RelayClock();
  const told: string[] = [];
  const others = Promise.withResolvers<void>();
  let listener: ResidentListener | undefined;
  const call = new ResidentCall({
    worker: defineWorker({
      name: 'resident',
      listen: { mode: 'stream' },
      onCallStarted: () => void told.push('started'),
      onAudio: () => void told.push('audio'),
      onDtmf: ({ tone }) => void told.push(`dtmf ${tone}`),
    }),
    callId: CALL_ID,
    hostId: 'this replica',
    clock,
    open: (_, heard) => {
      listener = heard;
      return {
        start: async () => {},
        publish: async (to) => {
          if (to === 'up') await others.promise;
        },
        stop: () => {},
      };
    },
    onFailed: (error) => told.push(String(error)),
    onOver: (end) => told.push(`over: ${end}`),
  });
  return { call, clock, told, others, hear: (message: Uint8Array | string) => listener?.message(message) };
}

it('tells the worker of its call first, although audio comes before the other replicas have been told', async () => {
  const { call, told, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(rtp());
  hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  // Long enough for whatever does not wait.
  await new Promise((resolve) => setImmediate(resolve));
  expect(told, 'nothing is handled before the call is joined').toEqual([]);
  others.resolve();
  await joined;
  await until(() => told.length === 3, 'everything that was heard');
  expect(told).toEqual(['started', 'audio', 'dtmf 1']);
  call.end('closed');
});

it('keeps nothing of a call that another replica has taken while it joined', async () => {
  const { call, clock, told, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(JSON.stringify({ type: 'resident.joined', host: 'another replica', atMs: clock.nowMs() + 1 }));
  others.resolve();
  await joined;
  expect(told).toEqual(['over: another replica']);
  expect(clock.pending, 'no timer is left').toBe(0);
});
