import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient, type TokenClaims } from '../raw-client.ts';
import { Resources, serviceClient, startService } from '../service.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
let service: RunningWebPubSub;
beforeEach(async () => {
  service = await startService(resources);
});
afterEach(() => resources.dispose());

const RELIABLE = 'json.reliable.webpubsub.azure.v1';

async function open(claims: TokenClaims = {}, subprotocol?: string): Promise<RawClient> {
  const client = await RawClient.open(
    resources,
    clientUrl(service, await clientToken(service, claims)),
    subprotocol,
  );
  await until(() => client.frames.length === 1, 'the connected message');
  return client;
}

describe('the upgrade', () => {
  it('takes the token from the query or the header, on both forms of the address', async () => {
    const token = await clientToken(service, { sub: 'ana' });
    const base = service.url.replace('http', 'ws');
    const headers = { authorization: `Bearer ${token}` };
    await RawClient.open(resources, `${base}/client/hubs/chat?access_token=${token}`);
    await RawClient.open(resources, `${base}/client/?hub=chat&access_token=${token}`);
    await RawClient.open(resources, `${base}/client?hub=Chat&access_token=${token}`);
    const client = await RawClient.open(resources, `${base}/client/hubs/CHAT`, 'json.webpubsub.azure.v1', {
      headers,
    });
    await until(() => client.frames.length === 1, 'the connected message');
    expect(client.messages()).toMatchObject([{ event: 'connected', userId: 'ana' }]);
    expect(await serviceClient(service, 'chat').userExists('ana')).toBe(true);
  });

  it('is refused with 401 for a token that is missing, forged, for another hub, or late', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const bad: Record<string, string> = {
      missing: '',
      'not a token': 'abc',
      forged: await clientToken(service, {}, { key: 'k'.repeat(44) }),
      'signed with the key by another algorithm': await clientToken(service, {}, { algorithm: 'HS384' }),
      unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await clientToken(service)).split('.')[1]}.`,
      'for another hub': await clientToken(service, {}, { hub: 'other' }),
      'for the ws scheme': await clientToken(service, {
        aud: `${service.url.replace('http', 'ws')}/client/hubs/chat`,
      }),
      late: await clientToken(service, { exp: now - 301 }),
      'without expiry': await clientToken(service, { exp: undefined }),
      'not yet valid': await clientToken(service, { nbf: now + 310 }),
    };
    for (const [what, token] of Object.entries(bad)) {
      await expect(RawClient.open(resources, clientUrl(service, token)), what).rejects.toThrow('HTTP 401');
    }
    const late = await clientToken(service, { exp: now - 200 });
    await RawClient.open(resources, clientUrl(service, late));
  });

  it('is refused with 400 for a bad hub or a bad group in the claims, and with 400 when it is no upgrade', async () => {
    const token = await clientToken(service, { 'webpubsub.group': ['ok', '  '] });
    await expect(RawClient.open(resources, clientUrl(service, token))).rejects.toThrow('HTTP 400');
    const base = service.url.replace('http', 'ws');
    await expect(RawClient.open(resources, `${base}/client/hubs/1chat?access_token=x`)).rejects.toThrow(
      'HTTP 400',
    );
    await expect(RawClient.open(resources, `${base}/client/?access_token=x`)).rejects.toThrow('HTTP 400');
    expect((await fetch(`${service.url}/client/hubs/chat?access_token=${token}`)).status).toBe(400);
  });

  it('is refused with 501 and a sentence for what the emulator does not speak', async () => {
    const url = clientUrl(service, await clientToken(service));
    await expect(
      RawClient.open(resources, url.replace('/client/', '/clients/mqtt/'), 'mqtt'),
    ).rejects.toThrow(/501 .*mqtt/);
  });

  it('selects the first subprotocol that it knows', async () => {
    const url = clientUrl(service, await clientToken(service));
    const client = await RawClient.open(resources, url, [
      'unheard-of.v1',
      RELIABLE,
      'json.webpubsub.azure.v1',
    ]);
    expect(client.ws.protocol).toBe(RELIABLE);
  });
});

describe('the text of a message', () => {
  it('has its members in the order of the service', async () => {
    const client = await open({ sub: 'ana', role: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'] });
    const admin = serviceClient(service, 'chat');
    await admin.sendToAll({ message: 'Hello world!' });
    await admin.sendToAll('Hi there!', { contentType: 'text/plain' });
    client.send({ type: 'joinGroup', group: 'g', ackId: 1 });
    client.send({ type: 'sendToGroup', group: 'g', dataType: 'json', data: 1, metadata: { k: 'v' } });
    client.send({ type: 'sendToGroup', group: 'h', ackId: 1, data: 1 });
    client.send({ type: 'PING' });
    client.send({ type: 'sendToGroup', group: 'h', ackId: 2, data: 1 });
    await until(() => client.frames.length === 8, 'all messages');
    expect(client.messages()[0]).toMatchObject({ type: 'system', event: 'connected', userId: 'ana' });
    expect(client.frames.slice(1)).toEqual([
      '{"type":"message","from":"server","dataType":"json","data":{"message":"Hello world!"}}',
      '{"type":"message","from":"server","dataType":"text","data":"Hi there!"}',
      '{"type":"ack","ackId":1,"success":true}',
      '{"type":"message","from":"group","group":"g","fromUserId":"ana","dataType":"json","data":1,"metadata":{"k":"v"}}',
      '{"type":"ack","ackId":1,"success":false,"error":{"name":"Duplicate","message":"Message with ack-id: 1 has been processed"}}',
      '{"type":"pong"}',
      '{"type":"ack","ackId":2,"success":true}',
    ]);
  });

  it('numbers data messages of a reliable client from 1, group and server alike, and only those', async () => {
    const client = await open({ 'webpubsub.group': 'g' }, RELIABLE);
    const admin = serviceClient(service, 'chat');
    await admin.sendToAll('a', { contentType: 'text/plain' });
    client.send({ type: 'ping' });
    await until(() => client.frames.length === 3, 'the pong');
    await admin.group('g').sendToAll('b', { contentType: 'text/plain' });
    await until(() => client.frames.length === 4, 'the message to the group');
    expect(client.messages()[0]).toHaveProperty('reconnectionToken');
    expect(client.frames.slice(1)).toEqual([
      '{"type":"message","from":"server","dataType":"text","data":"a","sequenceId":1}',
      '{"type":"pong"}',
      '{"type":"message","from":"group","group":"g","dataType":"text","data":"b","sequenceId":2}',
    ]);
  });

  it('keeps JSON and 64-bit ack ids as they were written', async () => {
    const client = await open({ role: 'webpubsub.sendToGroup', 'webpubsub.group': 'g' });
    client.send(
      '{"data": {"big": 12345678901234567890, "x": [1.0, "}"]} ,"type":"sendToGroup","group":"g","ackId":18446744073709551615}',
    );
    await until(() => client.frames.length === 3, 'the message and its ack');
    expect(client.frames[1]).toContain('"data":{"big": 12345678901234567890, "x": [1.0, "}"]}}');
    expect(client.frames[2]).toBe('{"type":"ack","ackId":18446744073709551615,"success":true}');
  });
});

describe('a client that breaks a rule is closed', () => {
  it.each([
    ['text that is not JSON', 'nonsense'],
    ['JSON that is not an object', '[1]'],
    ['an unknown type', '{"type":"dance"}'],
    ['a type that is not supported yet', '{"type":"invoke"}'],
    ['a group that is not a string', '{"type":"joinGroup","group":1}'],
    ['a missing payload', '{"type":"event","event":"e"}'],
    ['a null payload', '{"type":"event","event":"e","data":null}'],
    ['binary data that is not base64', '{"type":"event","event":"e","dataType":"binary","data":"a-_="}'],
    ['text data that is not a string', '{"type":"event","event":"e","dataType":"text","data":1}'],
    ['an unknown data type', '{"type":"event","event":"e","dataType":"xml","data":""}'],
    ['an ack id that is negative', '{"type":"joinGroup","group":"g","ackId":-1}'],
    ['a time to live out of range', '{"type":"sendToGroup","group":"g","data":1,"ttlSeconds":301}'],
  ])('with 1007 after %s', async (_what, frame) => {
    const client = await open();
    client.send(frame);
    expect((await client.closed).code).toBe(1007);
  });

  it('with 1003 after a binary frame', async () => {
    const client = await open();
    client.ws.send(Buffer.from('{"type":"ping"}'));
    expect((await client.closed).code).toBe(1003);
  });

  it('with 1009 after a message of more than 1 MiB, and not before', async () => {
    const client = await open();
    const empty = JSON.stringify({ type: 'event', event: 'e', ackId: 1, dataType: 'text', data: '' });
    const longest = empty.replace('""', `"${'x'.repeat(1024 * 1024 - empty.length)}"`);
    client.send(longest);
    await until(() => client.frames.length === 2, 'the ack of the longest message');
    client.send(`${longest} `);
    expect((await client.closed).code).toBe(1009);
  });

  it('with 1008 when it reads too slowly', { timeout: 60_000 }, async () => {
    const client = await open();
    const { connectionId } = client.messages()[0] as Record<string, string>;
    client.ws.pause();
    const admin = serviceClient(service, 'chat');
    const megabyte = 'x'.repeat(1_000_000);
    // What the kernel buffers is beyond the service's bound of 16 MiB, so the number of messages that it takes is not
    // fixed.
    let sent = 0;
    while (sent < 64 && (await admin.connectionExists(connectionId ?? ''))) {
      await admin.sendToAll(megabyte, { contentType: 'text/plain' });
      sent += 1;
    }
    expect(sent, 'the bound is neither missing nor far too low').toBeGreaterThan(15);
    expect(sent).toBeLessThan(64);
    client.ws.resume();
    expect(await client.closed).toMatchObject({ code: 1008 });
  });

  it('with 1008 when a reliable client leaves too much unacknowledged, and is not recoverable', {
    timeout: 60_000,
  }, async () => {
    const client = await open({}, RELIABLE);
    const { connectionId, reconnectionToken } = client.messages()[0] as Record<string, string>;
    const admin = serviceClient(service, 'chat');
    for (let sent = 0; sent < 1_000; sent += 100) {
      await Promise.all(
        Array.from({ length: 100 }, () => admin.sendToAll('x', { contentType: 'text/plain' })),
      );
    }
    expect(client.ws.readyState, 'a thousand messages are allowed').toBe(client.ws.OPEN);
    await admin.sendToAll('x', { contentType: 'text/plain' });
    expect((await client.closed).code).toBe(1008);
    const recovery = `awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`;
    const again = await RawClient.open(resources, `${clientUrl(service, 'expired')}&${recovery}`, RELIABLE);
    expect(again.ws.protocol).toBe(RELIABLE);
    expect((await again.closed).code).toBe(1008);
  });
});

describe('a recovery', () => {
  it('is refused with 1008 for another connection, a forged token, and a connection that is not reliable', async () => {
    const one = (await open({}, RELIABLE)).messages()[0] as Record<string, string>;
    const two = (await open({}, RELIABLE)).messages()[0] as Record<string, string>;
    const plain = (await open()).messages()[0] as Record<string, string>;
    const forged = await clientToken(service, { aud: one['connectionId'] });
    for (const [id, token] of [
      [two['connectionId'], one['reconnectionToken']],
      [one['connectionId'], forged],
      [one['connectionId'], ''],
      [plain['connectionId'], one['reconnectionToken']],
    ]) {
      const url = `${clientUrl(service, '')}&awps_connection_id=${id}&awps_reconnection_token=${token}`;
      const client = await RawClient.open(resources, url, RELIABLE);
      expect(await client.closed).toMatchObject({ code: 1008 });
    }
  });

  it('takes over from a socket that is still open, replays what was not acknowledged, then goes on', async () => {
    const first = await open({}, RELIABLE);
    const { connectionId, reconnectionToken } = first.messages()[0] as Record<string, string>;
    const admin = serviceClient(service, 'chat');
    for (const text of ['a', 'b', 'c']) await admin.sendToAll(text, { contentType: 'text/plain' });
    await until(() => first.frames.length === 4, 'the messages before the recovery');
    first.send({ type: 'sequenceAck', sequenceId: 1 });
    first.send({ type: 'ping' });
    await until(() => first.frames.length === 5, 'the pong behind the sequence ack');
    const recovery = `awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`;
    const second = await RawClient.open(resources, `${clientUrl(service, '')}&${recovery}`, RELIABLE);
    expect((await first.closed).code, 'the old socket is cut without a closing handshake').toBe(1006);
    await admin.sendToAll('d', { contentType: 'text/plain' });
    await until(() => second.frames.length === 4, 'what is sent again, and the new message');
    expect(second.messages()).toMatchObject([
      { event: 'connected', connectionId },
      { data: 'b', sequenceId: 2 },
      { data: 'c', sequenceId: 3 },
      { data: 'd', sequenceId: 4 },
    ]);
  });
});

it('handles one message of a client at a time: an event holds back what follows it, but no other client', async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const handler = await Webhook.start(resources);
  handler.answer = (request, response) => {
    if (request.headers['ce-eventname'] === 'quick') {
      response.end();
      return;
    }
    arrived.resolve();
    void finish.promise.then(() => response.end());
  };
  service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
  });
  const busy = await open({ role: 'webpubsub.joinLeaveGroup' });
  const other = await open();
  busy.send({ type: 'event', event: 'slow', data: 1, ackId: 1 });
  busy.send({ type: 'ping' });
  busy.send({ type: 'joinGroup', group: 'g', ackId: 2 });
  busy.send({ type: 'event', event: 'quick', data: 1, ackId: 3 });
  await arrived.promise;
  busy.send({ type: 'ping' });
  other.send({ type: 'event', event: 'quick', data: 1, ackId: 1 });
  await until(() => other.frames.length === 2, 'the ack of the other client');
  expect(busy.frames, 'nothing is answered while the event is under way').toHaveLength(1);
  finish.resolve();
  await until(() => busy.frames.length === 6, 'every answer to the busy client');
  expect(
    busy
      .messages()
      .slice(1)
      .map(({ type, ackId }) => `${type} ${ackId ?? ''}`.trim()),
  ).toEqual(['ack 1', 'pong', 'ack 2', 'ack 3', 'pong']);
});

it('says goodbye with 1001 when it stops, and stops twice as well as once', async () => {
  const client = await open();
  await Promise.all([service.close(), service.close()]);
  expect((await client.closed).code).toBe(1001);
});
