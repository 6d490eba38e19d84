import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { handlerListener } from '../../../../../functions/workers/hosts/functions/handler-listener.ts';
import { freePort } from '../../../../../local/emulators/common/free-port.ts';
import { webPubSubLanes } from '../../../../../relay/web-pubsub/web-pubsub-lane.ts';
import { systemClock } from '../../../../../shared/base/clock.ts';
import type { LaneEvent } from '../../../../../shared/wire/lane/worker-messages.ts';
import { Resources, startService } from '../../../../local/emulators/web-pubsub/service.ts';
import { until } from '../../../../support/until.ts';

const noLog = { warn: () => {} };
const TARGET = { callId: '0123456789abcdef', worker: 'echo' };

it('hears what the lane of the relay tells a handler, and nothing once the handler is over', async () => {
  const resources = new Resources();
  onTestFinished(() => resources.dispose());
  const service = await startService(resources);
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
  const heard: LaneEvent[] = [];
  const stop = handlerListener(access)(noLog)({ ...TARGET, turn: 3 }, (event) => heard.push(event));
  await until(() => said.length > 0, 'the word that a handler listens');
  expect(said).toEqual([{ from: 'group', type: 'json', value: { type: 'listening', turn: 3 } }]);
  const interrupted = { type: 'interrupted', turn: 4, playedMs: 250 } as const;
  lane.tell?.(interrupted);
  await until(() => heard.length > 0, 'the interruption');
  stop();
  lane.tell?.({ ...interrupted, turn: 5 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([interrupted]);
  lane.stop();
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
