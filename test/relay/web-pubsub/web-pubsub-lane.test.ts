import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../local/emulators/common/free-port.ts';
import type { LaneMessage } from '../../../relay/lane/lane-connection.ts';
import { webPubSubLanes } from '../../../relay/web-pubsub/web-pubsub-lane.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { formatRtp, parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { downGroup, HUB } from '../../../shared/wire/names.ts';
import { serviceClient } from '../../local/emulators/web-pubsub/service.ts';
import { until } from '../../support/until.ts';
import { CALL_ID, reportWith } from '../relay-fixture.ts';
import { echo } from '../worker-webhook.ts';
import { call, heard, say, speech, webPubSubFixture } from './web-pubsub-fixture.ts';

/** Nothing but a hang lasts so long. */
const HANG_MS = 18_000;

describe('a lane on Web PubSub', () => {
  it('brings audio to the worker and its replies back, unchanged', async () => {
    const there = await webPubSubFixture();
    const { acs } = await call(there);
    const said = speech(25);
    say(acs, said);
    await until(() => heard(acs).length === said.length, 'everything to come back');
    expect(heard(acs).equals(said)).toBe(true);
    const [started, audio] = there.webhook.events;
    expect(started?.worker).toBe('echo');
    expect(started?.headers).toMatchObject({
      'ce-type': 'azure.webpubsub.user.echo',
      'ce-hub': HUB,
      'ce-userid': CALL_ID,
      'content-type': 'text/plain',
    });
    expect(JSON.parse(String(started?.body))).toMatchObject({ type: 'call.started', callId: CALL_ID });
    expect(audio?.headers['content-type']).toBe('application/octet-stream');
    expect(parseRtp(audio?.body ?? Buffer.alloc(0))).toMatchObject({
      payloadType: 96,
      marker: true,
      timestamp: 0,
    });
  });

  it('plays what a worker publishes in the group of the call, at any time', async () => {
    const there = await webPubSubFixture();
    const { acs } = await call(there);
    await until(() => there.webhook.events.length === 1, 'call.started');
    const client = new WebPubSubServiceClient(there.webPubSub.connectionString, HUB, {
      allowInsecureConnection: true,
    });
    const payload = speech(3);
    const packet = formatRtp({
      payloadType: 96,
      marker: true,
      sequenceNumber: 0,
      timestamp: 0,
      ssrc: 0,
      payload,
    });
    await client.group(downGroup(CALL_ID, 'other')).sendToAll(packet.buffer);
    await client.group(downGroup(CALL_ID, 'echo')).sendToAll(packet.buffer);
    await client.group(downGroup(CALL_ID, 'echo')).sendToAll({ actions: [{ type: 'stop' }] });
    await until(() => acs.received.some((text) => text.includes('StopAudio')), 'all to have come to ACS');
    expect(heard(acs).equals(payload)).toBe(true);
  });

  it('loses only the chunk of an event that fails', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    await until(() => there.webhook.events.length === 1, 'call.started');
    there.webhook.respond = (_, response) => {
      there.webhook.respond = echo;
      response.writeHead(400).end();
    };
    say(acs, speech(5));
    await until(() => there.webhook.events.length === 2, 'the chunk that fails');
    const after = speech(5, 5);
    say(acs, after);
    await until(() => heard(acs).length === after.length, 'the next chunk to come back');
    expect(heard(acs).equals(after)).toBe(true);
    expect(
      parseRtp(there.webhook.events[2]?.body ?? Buffer.alloc(0)).marker,
      'audio is missing before it',
    ).toBe(true);
    // The reply comes ahead of the acknowledgement.
    await until(async () => {
      const report = (await reportWith(running, { state: 'streaming' })) as {
        workers: [{ chunksAcked: number }];
      };
      return report.workers[0].chunksAcked > 0;
    }, 'the next chunk to be acknowledged');
    expect(await reportWith(running, { state: 'streaming' })).toMatchObject({
      workers: [{ chunksFailed: 1, lostMs: 100, chunksAcked: 1, reopened: 0 }],
    });
  });

  it('goes on after its connection is cut, without beginning again', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    say(acs, speech(5));
    // A chunk is sent only after `call.started` is acknowledged: one that was not would rightly be told again.
    const before = await until(() => heard(acs).length, 'audio to come back before the cut');
    there.proxy.cut();
    await until(() => {
      say(acs, speech(5));
      return heard(acs).length > before;
    }, 'audio to come back after the cut');
    expect(await reportWith(running, { state: 'streaming' })).toMatchObject({
      workers: [{ state: 'open', reopened: 0 }],
    });
    const started = there.webhook.events.filter(({ body }) => String(body).includes('call.started'));
    expect(started).toHaveLength(1);
  });

  it('is opened again when the service has forgotten it, and tells of the call again', async () => {
    const there = await webPubSubFixture(await freePort());
    const { acs, running } = await call(there);
    await until(() => there.webhook.events.length === 1, 'call.started');
    await there.service.close();
    const again = await webPubSubFixture(there.service.port);
    await until(
      async () => {
        say(acs, speech(5));
        return heard(acs).length > 0;
      },
      'audio to come back through the new service',
      HANG_MS,
    );
    expect(String(again.webhook.events[0]?.body)).toContain('call.started');
    const report = (await reportWith(running, { state: 'streaming' })) as { workers: [{ reopened: number }] };
    expect(report.workers[0].reopened).toBeGreaterThanOrEqual(1);
  });

  it('comes back each time when somebody with the key of the hub closes it through the REST API', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    const service = serviceClient(there.service, HUB);
    const reopened = async (): Promise<number> => {
      const { workers } = (await reportWith(running, { state: 'streaming' })) as {
        workers: [{ reopened: number }];
      };
      return workers[0].reopened;
    };
    let frames = 0;
    const hearMore = async (): Promise<void> => {
      const before = heard(acs).length;
      await until(
        () => {
          say(acs, speech(5, frames));
          frames += 5;
          return heard(acs).length > before;
        },
        'audio to come back',
        HANG_MS,
        20,
      );
    };
    await hearMore();
    for (let cuts = 1; cuts <= 4; cuts += 1) {
      await service.group(downGroup(CALL_ID, 'echo')).closeAllConnections({ reason: 'cut by a stranger' });
      await until(async () => (await reopened()) === cuts, 'a new connection', HANG_MS, 20);
      await hearMore();
    }
    const started = there.webhook.events.filter(({ body }) => String(body).includes('call.started'));
    expect(started, 'the worker is told of its call on each new connection').toHaveLength(5);
  });

  it('tells of the end and leaves no connection behind', async () => {
    const there = await webPubSubFixture();
    const { acs, running } = await call(there);
    say(acs, speech(2));
    await reportWith(running, { framesIn: 2 });
    // What is left has a limited time from the end on, in which the lane need not be opened first.
    await until(() => there.webhook.events.length === 1, 'call.started');
    acs.close();
    await reportWith(running, { state: 'ended' });
    const [, rest, ended] = there.webhook.events;
    expect(parseRtp(rest?.body ?? Buffer.alloc(0)).payload.byteLength, 'the rest, shorter than a chunk').toBe(
      1_280,
    );
    expect(JSON.parse(String(ended?.body))).toEqual({ type: 'call.ended', reason: 'stream ended' });
    const client = new WebPubSubServiceClient(there.webPubSub.connectionString, HUB, {
      allowInsecureConnection: true,
    });
    await until(async () => !(await client.userExists(CALL_ID)), 'the connection to be gone');
  });

  it('leaves no connection behind when it is stopped before it is open', async () => {
    const there = await webPubSubFixture();
    const messages: LaneMessage[] = [];
    const settled: boolean[] = [];
    const open = webPubSubLanes({
      access: there.webPubSub,
      clock: systemClock,
      log: pino({ level: 'silent' }),
    });
    const lane = open(
      { callId: CALL_ID, worker: 'echo' },
      {
        message: (message) => void messages.push(message),
        settled: (isAcked) => void settled.push(isAcked),
        control: () => {},
        closed: () => {},
      },
    );
    const starting = lane.start();
    lane.stop();
    lane.stop();
    await expect(starting).rejects.toThrow('closed before it was accepted');
    const client = new WebPubSubServiceClient(there.webPubSub.connectionString, HUB, {
      allowInsecureConnection: true,
    });
    await until(async () => !(await client.userExists(CALL_ID)), 'the connection to be gone');
    lane.sendEvent({ type: 'dtmf', tone: '1' });
    expect({ messages, settled, events: there.webhook.events }).toEqual({
      messages: [],
      settled: [],
      events: [],
    });
  });
});
