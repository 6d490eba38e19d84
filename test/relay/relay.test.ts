import { once } from 'node:events';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../local/emulators/common/free-port.ts';
import { createLog } from '../../relay/operate/log.ts';
import type { Relay } from '../../relay/relay.ts';
import { until } from '../support/until.ts';
import { scriptedLanes } from './lane/scripted-lane.ts';
import { audioData, audioMetadata, dtmf, frame, heardAudio } from './listen/acs-messages.ts';
import { RelayClock } from './relay-clock.ts';
import {
  type AcsStream,
  ADMIN_TOKEN,
  CALL_ID,
  dial,
  get,
  getLiterally,
  mediaUrl,
  refusal,
  relayConfig,
  reportWith,
  startRelayFixture,
  startRelayFixtureOf,
  ticketFor,
} from './relay-fixture.ts';

/** A stream of which the relay has taken one frame. */
async function streamOfOneFrame(running: Relay): Promise<AcsStream> {
  const acs = await dial(mediaUrl(running, await ticketFor()));
  acs.send(audioMetadata(), audioData(frame(1)));
  await reportWith(running, { framesIn: 1 });
  return acs;
}

describe('the relay', () => {
  it('brings audio from the call to the worker and back', async () => {
    const lanes = scriptedLanes();
    const running = await startRelayFixture({}, { openConnection: lanes.open });
    const acs = await dial(mediaUrl(running, await ticketFor()));
    acs.send(audioMetadata(), ...Array.from({ length: 5 }, (_, i) => audioData(frame(i + 1))));
    const lane = await until(() => lanes.all[0], 'the lane to be opened');
    lane.started();
    await until(() => lane.isWaitingForAck, 'call.started to be sent');
    lane.acknowledge();
    const packet = await until(() => lane.packets[0], 'the first chunk');
    expect(Buffer.from(packet.payload)).toEqual(Buffer.concat([1, 2, 3, 4, 5].map((value) => frame(value))));
    lane.replyAudio(packet.payload);
    const reply = await until(() => acs.received[0], 'the reply to come back');
    expect(heardAudio(reply)).toEqual(Buffer.from(packet.payload));
    lane.isObliging = true;
    lane.acknowledge();
  });

  it('keeps a call whatever its frames are, and ignores a message too long for a frame', async () => {
    const running = await startRelayFixture();
    const acs = await dial(mediaUrl(running, await ticketFor()));
    acs.sendBinary(Buffer.from(frame(1)));
    acs.send('not JSON', ' '.repeat(300_000), '{}', audioData(frame(1)), dtmf('1'));
    const report = await reportWith(running, { framesIn: 1 });
    expect(report).toMatchObject({
      state: 'streaming',
      ignored: { 'binary message': 1, 'not JSON': 1, 'message too long': 1, 'unknown kind': 1 },
    });
    expect(acs.isClosed).toBe(false);
  });

  it('ends a call whose message is too long to be held, and no other', async () => {
    const running = await startRelayFixture();
    const other = 'fedcba9876543210';
    const calm = await dial(mediaUrl(running, await ticketFor({ callId: other }), other));
    const flood = await dial(mediaUrl(running, await ticketFor()));
    flood.send(' '.repeat(1024 * 1024 + 1));
    expect((await flood.closed).code).toBe(1009);
    calm.send(audioData(frame(1)));
    await reportWith(running, { framesIn: 1 }, other);
  });

  it('ends a call at whose message it throws, tells why in its log, and ends no other', async () => {
    const lines: string[] = [];
    const log = createLog(
      'error',
      new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }),
    );
    const lanes = scriptedLanes();
    const running = await startRelayFixture({}, { openConnection: lanes.open, log });
    const other = 'fedcba9876543210';
    const calm = await dial(mediaUrl(running, await ticketFor({ callId: other }), other));
    const unlucky = await dial(mediaUrl(running, await ticketFor()));
    const lane = await until(() => lanes.all.find(({ callId }) => callId === CALL_ID), 'the lane');
    lane.isObliging = true;
    lane.started();
    await until(() => lane.events.length === 1, 'call.started');
    lane.sendAudio = () => {
      throw new Error('a fault');
    };
    unlucky.send(audioMetadata(), ...Array.from({ length: 5 }, (_, i) => audioData(frame(i + 1))));
    expect((await unlucky.closed).code).toBe(1011);
    await reportWith(running, { endedReason: 'fault of the relay' });
    expect(lines.filter((line) => line.includes('a fault'))).toHaveLength(1);
    calm.send(audioData(frame(1)));
    await reportWith(running, { framesIn: 1 }, other);
  });

  it('survives a client that goes away while it is being checked', async () => {
    const running = await startRelayFixture();
    const { port } = new URL(running.url);
    const url = new URL(mediaUrl(running, await ticketFor()));
    for (let i = 0; i < 5; i += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      await new Promise((resolve) => socket.write(request, resolve));
      socket.destroy();
    }
    await dial(url.href);
    await reportWith(running, { state: 'connected' });
  });

  it('remembers what became of a call', async () => {
    const running = await startRelayFixture();
    const acs = await streamOfOneFrame(running);
    acs.close();
    expect(await reportWith(running, { endedReason: 'stream ended' })).toMatchObject({
      callId: CALL_ID,
      framesIn: 1,
      audioMsIn: 20,
      workers: [{ name: 'echo', chunksSent: 1 }],
    });
  });
});

describe('the HTTP side', () => {
  it('is live always, and ready while a further call would be taken', async () => {
    const running = await startRelayFixture({ maxCalls: 1 });
    expect((await get(`${running.url}/healthz`)).status).toBe(200);
    expect(await get(`${running.url}/readyz`)).toEqual({ status: 200, text: '{"status":"ready"}\n' });
    await dial(mediaUrl(running, await ticketFor()));
    expect((await get(`${running.url}/healthz`)).status).toBe(200);
    const readiness = await get(`${running.url}/readyz`);
    expect(readiness.status).toBe(503);
    expect(JSON.parse(readiness.text).detail).toBe('the relay takes no further call now');
  });

  it('gives metrics in the text format of Prometheus', async () => {
    const running = await startRelayFixture();
    const acs = await dial(mediaUrl(running, await ticketFor()));
    acs.send(audioMetadata(), audioData(frame(1)), 'not JSON');
    await reportWith(running, { framesIn: 1 });
    await refusal(mediaUrl(running, 'nonsense'));
    const metrics = await until(async () => {
      const { text } = await get(`${running.url}/metrics`, ADMIN_TOKEN);
      return text.includes('reason="not JSON"') && text;
    }, 'the unusable message to be counted');
    const lines = metrics.trimEnd().split('\n');
    for (const line of lines) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) trunkline_relay_\w+ .+|trunkline_relay_\w+(\{\w+="[^"]*"\})? [\d.]+(e-\d+)?)$/,
      );
    }
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE trunkline_relay_calls_live gauge',
        'trunkline_relay_calls_live 1',
        'trunkline_relay_calls_started_total 1',
        'trunkline_relay_frames_in_total 1',
        'trunkline_relay_refused_total{status="401"} 1',
        'trunkline_relay_ignored_total{reason="not JSON"} 1',
      ]),
    );
  });

  it('gives no total back that it has counted, also when the call has ended', async () => {
    const running = await startRelayFixture();
    const acs = await streamOfOneFrame(running);
    acs.close();
    await reportWith(running, { endedReason: 'stream ended' });
    expect((await get(`${running.url}/metrics`, ADMIN_TOKEN)).text).toContain(
      'trunkline_relay_frames_in_total 1\n',
    );
  });

  it('makes its metrics at most once a second', async () => {
    const clock = new RelayClock(Date.now());
    const running = await startRelayFixture({}, { clock });
    const started = async (): Promise<string | undefined> => {
      const { text } = await get(`${running.url}/metrics`, ADMIN_TOKEN);
      return /^trunkline_relay_calls_started_total (\d+)$/m.exec(text)?.[1];
    };
    expect(await started()).toBe('0');
    await dial(mediaUrl(running, await ticketFor()));
    await clock.advance(999);
    expect(await started()).toBe('0');
    await clock.advance(1);
    expect(await started()).toBe('1');
  });

  it('shows its metrics only to whoever has the admin token', async () => {
    const running = await startRelayFixture();
    for (const token of [undefined, '', `${ADMIN_TOKEN}x`]) {
      const { status, text } = await get(`${running.url}/metrics`, token);
      expect(status).toBe(401);
      expect(text).not.toContain('trunkline_relay');
    }
    expect((await get(`${running.url}/metrics`, ADMIN_TOKEN)).status).toBe(200);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost', 200],
    ['0.0.0.0', 404],
  ])('without an admin token and on %s it answers for its metrics with %i', async (host, status) => {
    const { adminToken: _, ...config } = relayConfig({ host });
    const { url } = await startRelayFixtureOf(config);
    const reached = url.replace('0.0.0.0', '127.0.0.1');
    for (const token of [undefined, '', ADMIN_TOKEN, 'undefined']) {
      expect((await get(`${reached}/metrics`, token)).status).toBe(status);
    }
    expect((await get(`${reached}/healthz`)).status).toBe(200);
  });

  it('shows reports only to whoever has the admin token', async () => {
    const running = await startRelayFixture();
    await dial(mediaUrl(running, await ticketFor()));
    await reportWith(running, { state: 'connected' });
    const { text } = await get(`${running.url}/calls`, ADMIN_TOKEN);
    expect(JSON.parse(text)).toMatchObject({
      calls: [{ callId: CALL_ID, state: 'connected', workers: [{ name: 'echo' }] }],
    });
    expect((await get(`${running.url}/calls`)).status).toBe(401);
    expect((await get(`${running.url}/calls/${CALL_ID}`)).status).toBe(401);
    expect((await get(`${running.url}/calls`, `${ADMIN_TOKEN}x`)).status).toBe(401);
    expect((await get(`${running.url}/calls/fedcba9876543210`, ADMIN_TOKEN)).status).toBe(404);
  });

  it('has no reports when there is no admin token', async () => {
    const { adminToken: _, ...config } = relayConfig();
    const { url } = await startRelayFixtureOf(config);
    for (const token of [undefined, '', ADMIN_TOKEN, 'undefined']) {
      expect((await get(`${url}/calls`, token)).status).toBe(404);
      expect((await get(`${url}/calls/${CALL_ID}`, token)).status).toBe(404);
    }
  });

  it.each([
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 401],
    [`/media/${CALL_ID}?ticket=x`, 426],
    ['/other', 404],
  ])('answers a request for h2c at %s as one without it, with %i', async (path, status) => {
    const running = await startRelayFixture();
    for (const upgrade of ['h2c', 'TLS/1.2', 'h2c, websocket', 'websockets']) {
      expect(await getLiterally(running, path, { connection: 'upgrade', upgrade }), upgrade).toBe(status);
    }
    expect(await getLiterally(running, path)).toBe(status);
  });

  it('serves nothing else', async () => {
    const running = await startRelayFixture();
    expect(await getLiterally(running, '/')).toBe(404);
    expect(await getLiterally(running, '/calls/../healthz')).toBe(404);
    expect(await getLiterally(running, `/media/${CALL_ID}?ticket=x`)).toBe(426);
    expect((await fetch(`${running.url}/healthz`, { method: 'POST' })).status).toBe(405);
  });
});

describe('shutting down', () => {
  it('tells ACS and the workers, takes no more calls and is not ready meanwhile', async () => {
    const lanes = scriptedLanes();
    // On this clock the relay waits for its calls as long as they take.
    const clock = new RelayClock(Date.now());
    const running = await startRelayFixture(
      { port: await freePort() },
      { clock, openConnection: lanes.open },
    );
    const acs = await dial(mediaUrl(running, await ticketFor()));
    const lane = await until(() => lanes.all[0], 'the lane to be opened');
    lane.started();
    await until(() => lane.isWaitingForAck, 'call.started to be sent');
    lane.acknowledge();
    await until(() => !lane.isWaitingForAck, 'the acknowledgement to arrive');

    const closed = running.close();
    expect(await acs.closed).toEqual({ code: 1001, reason: 'relay shutting down' });
    await until(() => lane.isWaitingForAck, 'call.ended to be sent');
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'relay shutting down' });
    expect((await get(`${running.url}/readyz`)).status).toBe(503);
    expect((await get(`${running.url}/healthz`)).status).toBe(200);
    expect(await refusal(mediaUrl(running, await ticketFor()))).toMatchObject({
      status: 503,
      detail: 'the relay is shutting down',
    });
    lane.acknowledge();
    await closed;
    await expect(get(`${running.url}/healthz`)).rejects.toThrow();
    expect(running.close(), 'closing is idempotent').toBe(running.close());
  });
});

describe('the log', () => {
  it('has ids, and neither tickets nor tokens nor phone numbers nor audio', async () => {
    let text = '';
    const sink = new Writable({
      write(chunk, _, done) {
        text += String(chunk);
        done();
      },
    });
    const running = await startRelayFixture({ logLevel: 'debug' }, { log: createLog('debug', sink) });
    const ticket = await ticketFor();
    const acs = await dial(mediaUrl(running, ticket), {
      'x-ms-call-connection-id': 'connection-7',
      authorization: 'Bearer secret-token-of-acs',
    });
    acs.send(audioMetadata(), audioData(frame(0x41)), 'not JSON');
    await reportWith(running, { framesIn: 1 });
    await refusal(mediaUrl(running, `${ticket}x`), { authorization: 'Bearer secret-token-of-acs' });
    await refusal(mediaUrl(running, ticket), {});
    acs.close();
    await until(() => text.includes('the media stream ended'), 'the end to be logged');
    expect(text).toContain(CALL_ID);
    expect(text).toContain('connection-7');
    expect(text).toContain('refused a media stream');
    for (const secret of [ticket, ticket.slice(0, 40), 'secret-token', '+1425555', 'ticket=', 'QUFBQUFB']) {
      expect(text, `no ${secret.slice(0, 12)}… in the log`).not.toContain(secret);
    }
  });

  it('takes out what should never have been given to it', () => {
    let text = '';
    const log = createLog('info', {
      write(line: string) {
        text += line;
      },
    });
    log.info({ ticket: 'secret-1', request: { headers: { authorization: 'secret-2' } } }, 'oops');
    log.info(
      { from: 'secret-3', call: { to: 'secret-4' }, url: 'wss://host/media/x?ticket=secret-5' },
      'oops',
    );
    log.error(
      { err: new Error('GET /media/x?ticket=secret-6 failed', { cause: new Error('secret-7') }) },
      'oops',
    );
    expect(text).not.toMatch(/secret-\d/);
    expect(text).toContain('"url":"wss://host/media/x"');
  });
});
