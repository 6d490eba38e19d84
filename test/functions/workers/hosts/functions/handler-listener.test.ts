import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { handlerListener } from '../../../../../functions/workers/hosts/functions/handler-listener.ts';
import { freePort } from '../../../../../local/emulators/common/free-port.ts';
import { webPubSubLanes } from '../../../../../relay/web-pubsub/web-pubsub-lane.ts';
import { systemClock } from '../../../../../shared/base/clock.ts';
import type { LaneEvent } from '../../../../../shared/wire/lane/worker-messages.ts';
import { upGroup } from '../../../../../shared/wire/names.ts';
import { CONTROL_TOKEN, control } from '../../../../local/emulators/web-pubsub/control-client.ts';
import { Resources, startService } from '../../../../local/emulators/web-pubsub/service.ts';
import { until } from '../../../../support/until.ts';

const noLog = { warn: () => {} };
const TARGET = { callId: '0123456789abcdef', worker: 'echo' };

/** The lane of the relay, and what a handler of its worker says there. */
async function laneFixture() {
  const resources = new Resources();
  onTestFinished(() => resources.dispose());
  const service = await startService(resources, { controlToken: CONTROL_TOKEN });
  const endpoint = `http://127.0.0.1:${service.port}`;
  const access = {
    connectionString: `Endpoint=${endpoint};AccessKey=${service.accessKey};Version=1.0;`,
    endpoint,
  };
  const said: unknown[] = [];
  const lane = webPubSubLanes({ access, clock: systemClock, log: pino({ level: 'silent' }) })(TARGET, {
    message: (message) => said.push(message),
    settled: () => {},
    control: () => {},
    closed: () => {},
  });
  await lane.start();
  onTestFinished(() => lane.stop());
  return { service, access, lane, said };
}

const LISTENING = { from: 'group', type: 'json', value: { type: 'listening', turn: 3 } };
const INTERRUPTED = { type: 'interrupted', turn: 4, playedMs: 250 } as const;

it('hears what the lane of the relay tells a handler, and nothing once the handler is over', async () => {
  const { access, lane, said } = await laneFixture();
  const heard: LaneEvent[] = [];
  const stop = handlerListener(access)(noLog)({ ...TARGET, turn: 3 }, (event) => heard.push(event));
  await until(() => said.length > 0, 'the word that a handler listens');
  expect(said).toEqual([LISTENING]);
  lane.tell?.(INTERRUPTED);
  await until(() => heard.length > 0, 'the interruption');
  stop();
  lane.tell?.({ ...INTERRUPTED, turn: 5 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([INTERRUPTED]);
});

it('listens again, and says so, when its connection is lost while the handler runs', async () => {
  const { service, access, lane, said } = await laneFixture();
  const heard: LaneEvent[] = [];
  const logged: object[] = [];
  const log = { warn: (_: string, details: object) => void logged.push(details) };
  const stop = handlerListener(access)(log)({ ...TARGET, turn: 3 }, (event) => heard.push(event));
  await until(() => said.length === 1, 'the word that a handler listens');
  await control(service, 'POST', 'drop', { body: { group: upGroup(TARGET.callId, TARGET.worker) } });
  await until(() => said.length === 2, 'the word of the next connection');
  expect(said).toEqual([LISTENING, LISTENING]);
  lane.tell?.(INTERRUPTED);
  await until(() => heard.length > 0, 'the interruption');
  stop();
  expect(heard).toEqual([INTERRUPTED]);
  expect(logged).toEqual([expect.objectContaining({ why: expect.any(String), isGivenUp: false })]);
});

it('tries a few times to connect, and gives up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const sockets = vi.fn(function FailingSocket(this: { onclose?: (event: object) => void; close(): void }) {
    this.close = () => {};
    queueMicrotask(() => this.onclose?.({ code: 1006 }));
  });
  vi.stubGlobal('WebSocket', sockets);
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const endpoint = 'http://127.0.0.1:1';
  const connectionString = `Endpoint=${endpoint};AccessKey=${'k'.repeat(32)};Version=1.0;`;
  const logged: unknown[] = [];
  const log = { warn: (_: string, details: object) => void logged.push(details) };
  handlerListener({ connectionString, endpoint })(log)({ ...TARGET, turn: 0 }, () => {});
  for (let i = 0; i < 250; i += 1) {
    await vi.advanceTimersByTimeAsync(100);
    // The address is signed meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sockets).toHaveBeenCalledTimes(4);
  expect(logged.map((each) => (each as { isGivenUp: boolean }).isGivenUp)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

it('says in the log of the invocation that it cannot connect, and that alone', async () => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const connectionString = `Endpoint=${endpoint};AccessKey=${'k'.repeat(32)};Version=1.0;`;
  const logged: unknown[] = [];
  const log = { warn: (message: string, details: object) => void logged.push({ message, ...details }) };
  const stop = handlerListener({ connectionString, endpoint })(log)({ ...TARGET, turn: 0 }, () => {});
  await until(() => logged.length > 0, 'the line of the log');
  expect(logged).toEqual([
    expect.objectContaining({ message: expect.stringContaining('cannot hear of interruptions'), turn: 0 }),
  ]);
  expect(JSON.stringify(logged)).not.toContain('access_token');
  stop();
});
