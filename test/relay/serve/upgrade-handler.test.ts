import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../../relay/operate/log.ts';
import { CallRegistry } from '../../../relay/serve/call-registry.ts';
import { UpgradeHandler } from '../../../relay/serve/upgrade-handler.ts';
import { WebSocketEndpoint } from '../../../relay/serve/web-socket-endpoint.ts';
import type { StreamHandover } from '../../../shared/wire/relay/stream-handover.ts';
import { mediaPath } from '../../../shared/wire/signed/ticket.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { CALL_ID, CONNECTION_ID, TICKET_KEY, ticketFor } from '../relay-fixture.ts';

const REFUSAL_LINGER_MS = 2_000;
const MAX_PENDING_UPGRADES = 256;
const REFUSAL_LINE_MS = 1_000;

const OTHER_CALL = 'fedcba9876543210';
const NO_HEAD = Buffer.alloc(0);
const LEFT: StreamHandover = { streams: 1, workers: [], lanes: {} };

/** The connection of a client that says no more than its request. */
class Client extends Duplex {
  text = '';

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function request(url: string, change: Record<string, string> = {}): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url,
    headers: {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'x-ms-call-connection-id': CONNECTION_ID,
      ...change,
    },
  });
}

/** `checkToken`: how the token of ACS is checked; without it there is none. */
function setUp(
  take: () => Promise<StreamHandover | 'over' | undefined> = async () => LEFT,
  checkToken?: () => Promise<void>,
) {
  const clock = new RelayClock(Date.now());
  const registry = new CallRegistry(10);
  const sockets = new WebSocketEndpoint({ clock, maxMessageBytes: 1_024 });
  const accepted: { callId: string; handover: StreamHandover | undefined }[] = [];
  const logged: string[] = [];
  const upgrades = new UpgradeHandler({
    rules: {
      ticketKeys: [TICKET_KEY],
      tokenPolicy: checkToken === undefined ? 'off' : 'require',
      tokens: {
        verify: checkToken ?? (() => Promise.reject(new Error('there are no tokens here'))),
      },
    },
    registry,
    handovers: { load: take },
    sockets,
    onAccepted: (_, { ticket }, handover) => accepted.push({ callId: ticket.callId, handover }),
    clock,
    log: createLog('info', { write: (line: string) => void logged.push(line) }),
  });
  const client = new Client();
  onTestFinished(() => {
    sockets.terminateAll();
    client.destroy();
  });
  return { clock, registry, upgrades, accepted, logged, client };
}

const goodUrl = async (): Promise<string> => mediaPath(CALL_ID, await ticketFor());

describe('A request for a media stream', () => {
  it('gets a WebSocket, and whoever serves it is told what the last stream has left', async () => {
    const { upgrades, client, accepted, clock } = setUp();
    await upgrades.upgrade(request(await goodUrl()), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 101 /);
    expect(accepted).toEqual([{ callId: CALL_ID, handover: LEFT }]);
    expect(upgrades.refused).toEqual({});
    upgrades.destroyAll();
    expect(client.destroyed, 'the connection belongs to the stream').toBe(false);
    await clock.advance(REFUSAL_LINGER_MS);
    expect(client.destroyed).toBe(false);
  });

  it('that is refused is answered and counted, and its connection is closed when the client has had time to read', async () => {
    const { upgrades, client, accepted, clock } = setUp();
    await upgrades.upgrade(request('/media'), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 404 /);
    expect(accepted).toEqual([]);
    expect(upgrades.refused).toEqual({ '404': 1 });
    await clock.advance(REFUSAL_LINGER_MS - 1);
    expect(client.destroyed).toBe(false);
    await clock.advance(1);
    expect(client.destroyed).toBe(true);
  });

  it('that is refused leaves no timer behind when the client closes first', async () => {
    const { upgrades, client, clock } = setUp();
    await upgrades.upgrade(request('/media'), client, NO_HEAD);
    expect(clock.pending).toBe(1);
    client.destroy();
    await settled();
    expect(clock.pending).toBe(0);
  });

  it('that is no opening handshake is refused with 400, whatever its ticket', async () => {
    const { upgrades, client, accepted } = setUp();
    await upgrades.upgrade(request(await goodUrl(), { 'sec-websocket-version': '8' }), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 400 .*Sec-WebSocket-Version/s);
    expect(accepted).toEqual([]);
  });

  it('that cannot be checked is refused with 503, and the failure is logged and not told', async () => {
    const { upgrades, client, accepted, logged } = setUp(() =>
      Promise.reject(new Error('the disk is on fire')),
    );
    const ticket = await ticketFor();
    await upgrades.upgrade(request(mediaPath(CALL_ID, ticket)), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 503 .*the relay could not check this request/s);
    expect(client.text).not.toContain('fire');
    expect(logged.join('')).toContain('the disk is on fire');
    expect(logged.join(''), 'no ticket is logged').not.toContain(ticket);
    expect(accepted).toEqual([]);
    expect(upgrades.refused).toEqual({ '503': 1 });
  });

  it('for a call that the control app knows to be over is refused with 410, though its ticket is still good', async () => {
    const { upgrades, client, accepted } = setUp(async () => 'over');
    await upgrades.upgrade(request(await goodUrl()), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 410 Gone\r\n.*the call is over/s);
    expect(accepted).toEqual([]);
    expect(upgrades.refused).toEqual({ '410': 1 });
  });

  it('is logged with the id of its call and nothing else of it, wherever its ticket stands', async () => {
    const { upgrades, logged, clock } = setUp();
    const ticket = await ticketFor({ callId: OTHER_CALL });
    const urls = [
      mediaPath(CALL_ID, ticket),
      `/media/${CALL_ID}&ticket=${ticket}`,
      `/media/${ticket}`,
      `/media/${CALL_ID}/${ticket}`,
      `/media/${CALL_ID}#${ticket}`,
      `//${ticket}@host/media/${CALL_ID}`,
      `/${ticket}\r\nx`,
    ];
    for (const url of urls) {
      await upgrades.upgrade(request(url), new Client(), NO_HEAD);
      await clock.advance(REFUSAL_LINE_MS);
    }
    const lines = logged.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(urls.length);
    for (const part of ticket.split('.').filter(Boolean)) expect(logged.join('')).not.toContain(part);
    expect(lines[0]).toMatchObject({ level: 30, callId: CALL_ID, status: 401, unlogged: 0 });
    expect(lines.slice(1).map(({ callId, status }) => [callId, status])).toEqual(
      urls.slice(1).map(() => [undefined, 404]),
    );
  });

  it.each([
    ['by its client', undefined, 30],
    ['by the relay', () => Promise.reject(new Error('the disk is on fire')), 50],
  ] as const)(
    'that fails %s costs at most one line of the log a second, which counts the rest',
    async (_, take, level) => {
      const { upgrades, logged, clock } = setUp(take);
      const url = take === undefined ? '/media' : await goodUrl();
      const refuse = (): Promise<void> => upgrades.upgrade(request(url), new Client(), NO_HEAD);
      for (let n = 0; n < 300; n++) await refuse();
      expect(logged).toHaveLength(1);
      await clock.advance(REFUSAL_LINE_MS);
      await refuse();
      expect(logged.map((line) => JSON.parse(line))).toMatchObject([
        { level, unlogged: 0 },
        { level, unlogged: 299 },
      ]);
      expect(Object.values(upgrades.refused), 'all are counted').toEqual([301]);
    },
  );

  it('is forgotten when the client goes away while it is being checked', async () => {
    const left = Promise.withResolvers<undefined>();
    const { upgrades, client, accepted } = setUp(() => left.promise);
    const done = upgrades.upgrade(request(await goodUrl()), client, NO_HEAD);
    client.destroy(new Error('connection reset'));
    left.resolve(undefined);
    await done;
    expect(accepted).toEqual([]);
    expect(client.text).toBe('');
    expect(upgrades.refused).toEqual({});
  });

  it('is cut while it is being checked when everything is', async () => {
    const left = Promise.withResolvers<undefined>();
    const { upgrades, client } = setUp(() => left.promise);
    const done = upgrades.upgrade(request(await goodUrl()), client, NO_HEAD);
    upgrades.destroyAll();
    expect(client.destroyed).toBe(true);
    left.resolve(undefined);
    await done;
  });

  it('is refused with 503 while as many as may be are being checked, and has its turn when they are done', async () => {
    const checked = Promise.withResolvers<void>();
    const { upgrades, client, accepted } = setUp(undefined, () => checked.promise);
    const url = await goodUrl();
    const first = Array.from({ length: MAX_PENDING_UPGRADES }, () => new Client());
    const done = first.map((each) => upgrades.upgrade(request(url), each, NO_HEAD));
    await upgrades.upgrade(request(url), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 503 .*too many streams are being opened/s);
    expect(upgrades.refused).toEqual({ '503': 1 });
    checked.resolve();
    await Promise.all(done);
    expect(accepted, 'those that came first').toHaveLength(MAX_PENDING_UPGRADES);
    const next = new Client();
    await upgrades.upgrade(request(url), next, NO_HEAD);
    expect(next.text).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('is refused before its ticket is looked at while the relay takes no more calls', async () => {
    const { upgrades, client, registry } = setUp();
    registry.refuseMore();
    await upgrades.upgrade(request(mediaPath(CALL_ID, 'nonsense')), client, NO_HEAD);
    expect(client.text).toMatch(/^HTTP\/1\.1 503 .*the relay is shutting down/s);
  });
});
