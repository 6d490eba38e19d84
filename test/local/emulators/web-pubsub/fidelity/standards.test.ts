/** RFC 9110 (HTTP) and RFC 6455 (WebSocket), to which the service's documentation leaves what it does not say. */
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { connect, Resources, startService } from '../service.ts';
import { inHub } from '../signed-request.ts';
import { everything, startWithWebhook } from '../webhook.ts';

const resources = new Resources();
let service: RunningWebPubSub;
beforeAll(async () => {
  service = await startService(resources);
});
afterAll(() => resources.dispose());

describe('a text over REST', () => {
  async function delivered(contentType: string, body: Uint8Array): Promise<unknown> {
    const { client, connectionId } = await connect(resources, service);
    const heard = new Promise((resolve) =>
      client.on('server-message', ({ message }) => resolve(message.data)),
    );
    const headers = { 'content-type': contentType };
    const path = `/connections/${connectionId}/:send`;
    const response = await inHub(service, 'POST', path, { headers, body: Buffer.from(body) });
    return response.status === 202 ? await heard : response.status;
  }

  it('is read by the charset of its content type', async () => {
    expect(await delivered('text/plain; charset=ISO-8859-1', Buffer.from('hï', 'latin1'))).toBe('hï');
    expect(await delivered('text/plain;charset="utf-16le"', Buffer.from('hï', 'utf16le'))).toBe('hï');
    expect(
      await delivered('application/json; charset=utf-16le', Buffer.from('{"a":"ï"}', 'utf16le')),
    ).toEqual({ a: 'ï' });
    expect(await delivered('text/plain; charset=UTF-8', Buffer.from('hï'))).toBe('hï');
  });

  it('of a charset that is unknown or broken is refused with 415', async () => {
    expect(await delivered('text/plain; charset=klingon', Buffer.from('x'))).toBe(415);
    expect(await delivered('text/plain; charset="', Buffer.from('x'))).toBe(415);
  });

  it('is read by its charset in the reply of an event handler, too', async () => {
    const { webhook, service: withHandler } = await startWithWebhook(resources, everything);
    webhook.answer = (_request, response) =>
      response.setHeader('Content-Type', 'text/plain; charset=iso-8859-1').end(Buffer.from('hï', 'latin1'));
    const client = await RawClient.open(resources, clientUrl(withHandler, await clientToken(withHandler)));
    client.send({ type: 'event', event: 'e', data: 1 });
    await until(() => client.frames.length === 2, 'the reply');
    expect(client.messages()[1]).toMatchObject({ data: 'hï' });
  });
});

it.each([
  ['/api/hubs/chat/:send', 'PATCH', 'POST'],
  ['/api/hubs/chat/groups/g/connections/c', 'POST', 'PUT, DELETE'],
  ['/api/health', 'POST', 'HEAD, GET'],
  ['/identity/keys', 'DELETE', 'GET'],
])('names the methods that %s has to one that it does not have', async (path, method, allow) => {
  const response = await fetch(`${service.url}${path}`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe(allow);
});

describe('a WebSocket', () => {
  it.each([1001, 3000, 4999])('that its client closes with %i is closed with the same code', async (code) => {
    const client = await RawClient.open(resources, clientUrl(service, await clientToken(service)));
    client.ws.close(code);
    expect((await client.closed).code).toBe(code);
  });

  it('gets no subprotocol when it offers none', async () => {
    const headers = await upgradeOverTcp(clientUrl(service, await clientToken(service)), Buffer.alloc(0));
    expect(headers.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
    expect(headers.toString('latin1')).not.toMatch(/sec-websocket-protocol/i);
  });

  it.each([
    ['1002 for a frame without a mask', [0x81, 1, 0x61], 1002],
    ['1002 for an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['1002 for a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ['1007 for text that is not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
  ])('is closed with %s', async (_what, frame, code) => {
    const received = await upgradeOverTcp(clientUrl(service, await clientToken(service)), Buffer.from(frame));
    const close = received.subarray(received.indexOf('\r\n\r\n') + 4);
    expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, code]);
  });

  it.each(['Sec-WebSocket-Key: short', 'Sec-WebSocket-Version: 12'])(
    'is refused with 400 for a handshake with %s',
    async (header) => {
      const url = clientUrl(service, await clientToken(service));
      const received = await upgradeOverTcp(url, Buffer.alloc(0), header);
      expect(received.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
});

/** Everything that comes back after a handshake and these bytes, until nothing more comes. */
async function upgradeOverTcp(url: string, bytes: Buffer, header = ''): Promise<Buffer> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = resources.add(connectTcp(Number(port), hostname), (each) => {
    each.destroy();
  });
  const [name = ''] = header.split(':', 1);
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
  ].filter((line) => name === '' || !line.startsWith(`${name}:`));
  socket.write(`${[...lines, ...(header === '' ? [] : [header])].join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const received = (): Buffer => Buffer.concat(chunks);
  await until(() => received().includes('\r\n\r\n'), 'the answer to the handshake');
  if (bytes.length === 0) return received();
  const answered = received().length;
  socket.write(bytes);
  await until(() => received().length >= answered + 4, 'the close frame');
  return received();
}
