import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../support/loopback.ts';
import { until } from '../../support/until.ts';
import {
  CALL_ID,
  CONNECTION_ID,
  dial,
  mediaUrl,
  refusal,
  reportWith,
  startRelayFixture,
  ticketFor,
  tokenIssuer,
} from '../relay-fixture.ts';

const OTHER_CALL = 'fedcba9876543210';

describe('a media stream', () => {
  it('is accepted with a good ticket and a connection id', async () => {
    const running = await startRelayFixture();
    await dial(mediaUrl(running, await ticketFor()));
    await reportWith(running, { state: 'connected', callConnectionId: CONNECTION_ID });
  });

  it('is accepted with a ticket of the key before the present one', async () => {
    const old = 'the ticket key from before the rotation';
    const running = await startRelayFixture({
      ticketKeys: ['the present ticket key, thirty-two bytes', old],
    });
    await dial(mediaUrl(running, await ticketFor({}, old)));
  });

  it('replaces the one before it when the same connection comes again', async () => {
    const running = await startRelayFixture({ maxCalls: 1 });
    const url = mediaUrl(running, await ticketFor());
    const first = await dial(url);
    const second = await dial(url);
    expect(await first.closed).toEqual({ code: 1000, reason: 'replaced' });
    expect(second.isClosed).toBe(false);
    await reportWith(running, { state: 'connected' });
  });
});

describe('a media stream is refused before the upgrade', () => {
  it.each([
    '/',
    '/media',
    '/media/',
    '/media/UPPER-CASE-CALL-ID',
    '/media/0123456789abcdef/more',
    '/media/short',
    '/calls',
    '/other/0123456789abcdef',
  ])('with 404 at %s', async (path) => {
    const running = await startRelayFixture();
    const ticket = await ticketFor();
    const refused = await refusal(`${running.url.replace('http', 'ws')}${path}?ticket=${ticket}`);
    expect(refused.status).toBe(404);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.text.trimEnd().split('\n'), 'the problem takes one line').toHaveLength(1);
    expect(JSON.parse(refused.text)).toMatchObject({ type: 'about:blank', title: 'Not Found', status: 404 });
  });

  it('with 401 without a ticket', async () => {
    const running = await startRelayFixture();
    const url = `${running.url.replace('http', 'ws')}/media/${CALL_ID}`;
    for (const query of ['', '?', '?ticket=', '?other=1']) {
      expect(await refusal(url + query)).toMatchObject({ status: 401, detail: 'ticket refused: missing' });
    }
  });

  it('with 401 for a ticket that is none, was tampered with, has expired or is for another call', async () => {
    const running = await startRelayFixture();
    const good = await ticketFor();
    const [header, key, iv, , tag] = good.split('.');
    const sealed = (await ticketFor({ to: '4:+19005550100' })).split('.')[3];
    const cases: [string, string][] = [
      ['not-a-ticket', 'malformed'],
      [[header, key, iv, sealed, tag].join('.'), 'bad seal'],
      [await ticketFor({}, 'a key that the relay does not have at all'), 'bad seal'],
      [await ticketFor({ expiresAtMs: Date.now() - 60_000 }), 'expired'],
      [await ticketFor({ callId: OTHER_CALL }), 'another call'],
    ];
    for (const [ticket, reason] of cases) {
      const refused = await refusal(mediaUrl(running, ticket));
      expect(refused).toMatchObject({ status: 401, detail: `ticket refused: ${reason}` });
      expect(refused.text).not.toContain(ticket);
    }
    expect(await refusal(`${mediaUrl(running, good)}&ticket=${good}`)).toMatchObject({
      status: 401,
      detail: 'ticket refused: more than one',
    });
  });

  it('with 400 without a usable connection id', async () => {
    const running = await startRelayFixture();
    const url = mediaUrl(running, await ticketFor());
    const bad: Record<string, string>[] = [
      {},
      { 'x-ms-call-connection-id': '' },
      { 'x-ms-call-connection-id': 'a b' },
      { 'x-ms-call-connection-id': 'x'.repeat(129) },
    ];
    for (const headers of bad) {
      const refused = await refusal(url, headers);
      expect(refused.status, JSON.stringify(headers)).toBe(400);
    }
  });

  it('with 409 for another connection than the one that streams this call', async () => {
    const running = await startRelayFixture();
    const url = mediaUrl(running, await ticketFor());
    const live = await dial(url);
    expect((await refusal(url, { 'x-ms-call-connection-id': 'another' })).status).toBe(409);
    expect(live.isClosed).toBe(false);
    live.close();
    await live.closed;
    await reportWith(running, { endedReason: 'stream ended' });
    await dial(url, { 'x-ms-call-connection-id': 'another' });
  });

  it('with 503 when the relay carries as many calls as it may', async () => {
    const running = await startRelayFixture({ maxCalls: 1 });
    await dial(mediaUrl(running, await ticketFor()));
    const refused = await refusal(mediaUrl(running, await ticketFor({ callId: OTHER_CALL }), OTHER_CALL));
    expect(refused).toMatchObject({ status: 503, detail: 'the relay is full: it carries 1 calls' });
    expect(refused.headers['retry-after']).toBe('1');
  });
});

describe('the ACS token', () => {
  const CONNECTION = { 'x-ms-call-connection-id': CONNECTION_ID };

  it('must be there and be valid where it is required', async () => {
    const issuer = await tokenIssuer();
    const running = await startRelayFixture({ acsTokens: { ...issuer.settings, policy: 'require' } });
    const url = mediaUrl(running, await ticketFor());
    expect(await refusal(url)).toMatchObject({ status: 401, detail: 'ACS token refused: missing' });
    const wrong = `Bearer ${await issuer.token('another-resource')}`;
    expect(await refusal(url, { ...CONNECTION, authorization: wrong })).toMatchObject({
      status: 401,
      detail: 'ACS token refused: wrong audience',
    });
    await dial(url, { ...CONNECTION, authorization: `Bearer ${await issuer.token()}` });
  });

  it('may be missing where it is accepted, but not be wrong', async () => {
    const issuer = await tokenIssuer();
    const running = await startRelayFixture({ acsTokens: { ...issuer.settings, policy: 'accept' } });
    const url = mediaUrl(running, await ticketFor());
    expect(await refusal(url, { ...CONNECTION, authorization: 'Bearer nonsense' })).toMatchObject({
      status: 401,
      detail: 'ACS token refused: malformed',
    });
    await dial(url, { ...CONNECTION, authorization: `Bearer ${await issuer.token()}` });
    await dial(url);
  });

  it('is not looked at where it is off', async () => {
    const running = await startRelayFixture();
    await dial(mediaUrl(running, await ticketFor()), { ...CONNECTION, authorization: 'Bearer nonsense' });
  });

  it('does not make up for a bad ticket', async () => {
    const issuer = await tokenIssuer();
    const running = await startRelayFixture({ acsTokens: { ...issuer.settings, policy: 'require' } });
    const headers = { ...CONNECTION, authorization: `Bearer ${await issuer.token()}` };
    expect((await refusal(mediaUrl(running, 'nonsense'), headers)).status).toBe(401);
  });

  it('is refused when its keys cannot be had', async () => {
    const issuer = await tokenIssuer();
    const acsTokens = { ...issuer.settings, jwksUrl: 'http://127.0.0.1:9/keys', policy: 'require' } as const;
    const running = await startRelayFixture({ acsTokens });
    const headers = { ...CONNECTION, authorization: `Bearer ${await issuer.token()}` };
    expect(await refusal(mediaUrl(running, await ticketFor()), headers)).toMatchObject({
      status: 401,
      detail: 'ACS token refused: keys unavailable',
    });
  });
});

describe('streams that are being checked', () => {
  it('are let go without an answer when the relay closes', async () => {
    const issuer = await tokenIssuer();
    let asked = 0;
    const silent = createServer(() => {
      asked += 1;
    });
    const port = await listenOnLoopback(silent);
    onTestFinished(() => void silent.close());
    const jwksUrl = `http://127.0.0.1:${port}/keys`;
    const running = await startRelayFixture({
      acsTokens: { ...issuer.settings, jwksUrl, policy: 'require' },
    });
    onTestFinished(() => silent.closeAllConnections());
    const url = new URL(mediaUrl(running, await ticketFor()));
    const request = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `x-ms-call-connection-id: ${CONNECTION_ID}`,
      `Authorization: Bearer ${await issuer.token()}`,
    ].join('\r\n');
    let answer = '';
    const socket = connect(Number(url.port), '127.0.0.1', () => socket.write(`${request}\r\n\r\n`));
    socket.on('data', (data) => {
      answer += String(data);
    });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await until(() => asked === 1, 'the relay to ask for the keys');
    await running.close();
    await closed;
    expect(answer).toBe('');
  });
});
