import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { residentConnections } from '../../../../../functions/workers/hosts/resident/resident-connection.ts';
import { downGroup, HUB, upGroup } from '../../../../../shared/wire/names.ts';
import { CONTROL_TOKEN, control } from '../../../../local/emulators/web-pubsub/control-client.ts';
import {
  connect,
  Resources,
  serviceClient,
  startService,
} from '../../../../local/emulators/web-pubsub/service.ts';
import { startTcpProxy } from '../../../../local/emulators/web-pubsub/tcp-proxy.ts';
import { RelayClock } from '../../../../relay/relay-clock.ts';
import { protobufProtocol } from '../../../../support/sdk-protobuf-protocol.ts';
import { until } from '../../../../support/until.ts';

const WRITE_LIMIT_MS = 10_000;

const CALL_ID = '0123456789abcdef';
const UP = upGroup(CALL_ID, 'echo');
const DOWN = downGroup(CALL_ID, 'echo');
const FIRST_WAIT_MS = 200;
const text = { contentType: 'text/plain' } as const;

/** The service behind a proxy that can cut and refuse, and a connection of a worker that has not started. */
async function fixture() {
  const resources = new Resources();
  onTestFinished(() => resources.dispose());
  const service = await startService(resources, { controlToken: CONTROL_TOKEN });
  const proxy = await startTcpProxy(resources, service.port);
  const clock = new RelayClock();
  const waits: number[] = [];
  const heard: (string | Uint8Array)[] = [];
  const log: string[] = [];
  const open = residentConnections({
    access: {
      connectionString: `Endpoint=${proxy.url};AccessKey=${service.accessKey};Version=1.0;`,
      endpoint: proxy.url,
    },
    clock: {
      nowMs: () => clock.nowMs(),
      elapsedMs: () => clock.elapsedMs(),
      after(ms, run) {
        waits.push(ms);
        return clock.after(ms, run);
      },
    },
    // The longest of all waits.
    random: () => 1,
    log: pino({ level: 'warn' }, { write: (line: string) => void log.push(line) }),
  });
  const connection = open({ callId: CALL_ID, worker: 'echo' }, { message: (message) => heard.push(message) });
  resources.add(connection, (each) => each.stop());
  const admin = serviceClient(service, HUB);
  const group = admin.group(UP);
  return {
    resources,
    service,
    proxy,
    clock,
    heard,
    log,
    connection,
    group,
    /** It is not connected, and waits before it tries again. */
    waiting: () => until(() => waits.includes(FIRST_WAIT_MS), 'the wait before the next attempt'),
    isJoined: () => admin.groupExists(UP),
    /** Closes the connection as when the service itself is renewed: it does not know it any more. */
    renewService: () => control(service, 'POST', 'service-reload', { body: { group: UP } }),
  };
}

async function started() {
  const there = await fixture();
  await there.connection.start();
  return there;
}

describe("a resident worker's connection", () => {
  it('has joined the group of its call once it has started, and hears audio and text', async () => {
    const { group, heard } = await started();
    await group.sendToAll('{"type":"dtmf"}', text);
    await group.sendToAll(Uint8Array.of(1, 2).buffer);
    await until(() => heard.length === 2, 'both messages');
    expect(heard).toEqual(['{"type":"dtmf"}', Uint8Array.of(1, 2)]);
  });

  it('gives out bytes that stay what they are when more comes', async () => {
    const { group, heard } = await started();
    for (let i = 0; i < 20; i += 1) await group.sendToAll(new Uint8Array(640).fill(i).buffer);
    await until(() => heard.length === 20, 'all messages');
    expect(heard).toEqual(Array.from({ length: 20 }, (_, i) => new Uint8Array(640).fill(i)));
  });

  it('publishes audio and text to the relay, and hears nothing of it itself', async () => {
    const { connection, resources, service, heard, group } = await started();
    const { client } = await connect(resources, service, {
      hub: HUB,
      groups: [UP, DOWN],
      client: { protocol: protobufProtocol('plain') },
    });
    const seen: unknown[] = [];
    client.on('group-message', ({ message }) => seen.push([message.group, message.data]));
    await connection.publish('down', Uint8Array.of(7, 8));
    await connection.publish('down', '{"actions":[]}');
    await connection.publish('up', '{"type":"resident.joined"}');
    await until(() => seen.length === 3, 'what was published');
    expect(seen).toEqual([
      [DOWN, Uint8Array.of(7, 8)],
      [DOWN, '{"actions":[]}'],
      [UP, '{"type":"resident.joined"}'],
    ]);
    await group.sendToAll('after', text);
    await until(() => heard.length === 1, 'a message of another');
    expect(heard).toEqual(['after']);
  });

  it('rejects what is published while there is no connection, and keeps nothing of it', async () => {
    const { connection } = await fixture();
    await expect(connection.publish('down', 'early')).rejects.toThrow('no connection');
  });

  it('waits while the service takes nothing, so that a worker cannot fill the memory, and then gives up', async () => {
    const { connection, proxy, clock } = await started();
    proxy.stall();
    const megabyte = new Uint8Array(1024 * 1024);
    let written = 0;
    let failed: unknown;
    const say = async (): Promise<void> => {
      // Far more than the operating system takes.
      for (let i = 0; i < 64; i += 1) {
        await connection.publish('down', megabyte);
        written += 1;
      }
    };
    void say().catch((error: unknown) => {
      failed = error;
    });
    await until(() => clock.pending > 1, 'it to wait');
    // The operating system may still take some more.
    await until(async () => {
      await clock.advance(500);
      return failed !== undefined;
    }, 'it to give up');
    expect(written).toBeLessThan(32);
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(WRITE_LIMIT_MS);
    expect(String(failed)).toContain('takes no more');
  });

  it('cannot be started where nobody answers', async () => {
    const { connection, proxy, clock } = await fixture();
    proxy.refuse(true);
    await expect(connection.start()).rejects.toThrow();
    expect(clock.pending, 'it does not try again by itself').toBe(0);
  });
});

describe('a resident worker whose connection is lost', () => {
  it('comes back and hears what it has missed', async () => {
    const { group, heard, proxy, clock } = await started();
    await group.sendToAll('before', text);
    await until(() => heard.length === 1, 'the message before the loss');
    proxy.refuse(true);
    proxy.cut();
    await group.sendToAll('meanwhile', text);
    expect(heard).toEqual(['before']);
    proxy.refuse(false);
    await until(async () => {
      await clock.advance(1_000);
      return heard.length === 2;
    }, 'the message that it missed');
    await group.sendToAll('after', text);
    await until(() => heard.length === 3, 'the message after the loss');
    expect(heard).toEqual(['before', 'meanwhile', 'after']);
  });

  it('joins again, with another token, when the service has forgotten the connection', async () => {
    const { group, heard, clock, renewService, waiting, isJoined, connection } = await started();
    await renewService();
    await waiting();
    await expect(connection.publish('down', 'now')).rejects.toThrow('no connection');
    await clock.advance(FIRST_WAIT_MS);
    await until(isJoined, 'the group to be joined again');
    await group.sendToAll('after', text);
    await until(() => heard.length === 1, 'the message after the loss');
  });

  it('tries again while it is refused, and gives up in the end', async () => {
    const { clock, proxy, renewService, log } = await started();
    proxy.refuse(true);
    await renewService();
    await until(
      async () => {
        await clock.advance(5_000);
        return log.length > 0;
      },
      'it to be given up',
      15_000,
    );
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      msg: 'gave up connecting to Web PubSub for this call',
      callId: CALL_ID,
      worker: 'echo',
    });
    expect(clock.pending).toBe(0);
  });

  it('does not come back once it is stopped', async () => {
    const { clock, connection, renewService, waiting, isJoined } = await started();
    await renewService();
    await waiting();
    connection.stop();
    await clock.advance(60_000);
    expect(await isJoined()).toBe(false);
    expect(clock.pending, 'no timer is left').toBe(0);
  });
});
