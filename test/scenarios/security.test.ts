import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { seal } from '../../shared/wire/signed/sealing.ts';
import { encodedJson } from '../support/encoded-json.ts';
import { sharedSystem } from '../support/shared-system.ts';
import { until } from '../support/until.ts';

/** The whole system refuses what it must: each request goes to the real process, with the real check in its place. */
const CALLER = '+14255550187';
const CALL_LIMIT_MS = 90_000;
const CONNECTION_ID = '11111111-2222-3333-4444-555555555555';

const test = sharedSystem();
let callId: string;
beforeAll(async () => {
  const id = await test.telephone.place({
    from: CALLER,
    to: test.system.directory[0]?.number ?? '',
    tailMs: 600_000,
  });
  const call = await test.telephone.waitFor(
    id,
    'streaming',
    (seen) => seen.mediaSubscription?.state === 'active',
    CALL_LIMIT_MS,
  );
  callId = (await until(() => test.control.findLive(call.callConnectionId ?? ''), 'the call in the list'))
    .callId;
});

/** The status and the reason with which the relay refuses a media socket, or 101 when it accepts it. */
async function dialRelay(path: string, headers: Record<string, string> = {}): Promise<string> {
  const socket = new WebSocket(`${test.system.urls.relay.replace('http:', 'ws:')}${path}`, { headers });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('open', () => resolve('101'));
      socket.once('unexpected-response', async (_request, response) => {
        const { status, detail } = JSON.parse(await text(response)) as { status: number; detail: string };
        resolve(`${status} ${detail}`);
      });
      socket.once('error', reject);
    });
  } finally {
    socket.on('error', () => {});
    socket.terminate();
  }
}

function ticket(claims: { sub?: string; aud?: string; key?: string; expiresInS?: number }): Promise<string> {
  const plan = { format: 'pcm16KMono', channels: 'mixed', startStreaming: true, dtmf: false, workers: [] };
  const exp = Math.floor(Date.now() / 1_000) + (claims.expiresInS ?? 600);
  return seal(
    { plan, from: '4:+1', to: '4:+2', sub: claims.sub ?? callId, aud: claims.aud ?? 'relay', exp },
    'ticket',
    claims.key ?? test.secrets.ticketKey,
  );
}

describe('the relay refuses a media socket', () => {
  const headers = { 'x-ms-call-connection-id': CONNECTION_ID };

  it('without a ticket, with one that is expired, of another call, for another audience, or sealed with another key', async () => {
    expect(await dialRelay(`/media/${callId}`, headers)).toBe('401 ticket refused: missing');
    for (const [reason, claims] of [
      ['expired', { expiresInS: -600 }],
      ['another call', { sub: 'abcdefghijklmnopqrstuvwxyz' }],
      ['wrong audience', { aud: 'worker' }],
      ['bad seal', { key: 'another-key-of-at-least-thirty-two-bytes' }],
    ] as const) {
      const url = `/media/${callId}?ticket=${await ticket(claims)}`;
      expect(await dialRelay(url, headers)).toBe(`401 ticket refused: ${reason}`);
    }
  });

  it('with a ticket that was changed after it was sealed', async () => {
    const [header, , iv, sealed, tag] = (await ticket({})).split('.');
    const changed = `${sealed?.startsWith('A') ? 'B' : 'A'}${sealed?.slice(1)}`;
    expect(
      await dialRelay(`/media/${callId}?ticket=${[header, '', iv, changed, tag].join('.')}`, headers),
    ).toBe('401 ticket refused: bad seal');
  });

  it('with a good ticket but without the token of ACS', async () => {
    expect(await dialRelay(`/media/${callId}?ticket=${await ticket({})}`, headers)).toBe(
      '401 ACS token refused: missing',
    );
  });
});

describe('the control app refuses', () => {
  it('a callback without a token, or with one that somebody else signed', async () => {
    const url = `${test.system.urls.control}/api/callbacks/${callId}`;
    const body = JSON.stringify([
      {
        id: '1',
        source: 's',
        type: 'Microsoft.Communication.CallDisconnected',
        data: {},
        specversion: '1.0',
      },
    ]);
    const forged = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(test.secrets.acsResourceId)
      .setIssuer(test.system.urls.acs)
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode('a key that is not the one of ACS at all'));
    for (const authorization of [undefined, 'Bearer nonsense', `Bearer ${forged}`]) {
      const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) };
      expect((await fetch(url, { method: 'POST', headers, body })).status, authorization ?? 'no token').toBe(
        401,
      );
    }
    expect((await test.control.call(callId))?.state, 'the call that the forged event says has ended').toBe(
      'connected',
    );
  });

  it('every HTTP function without its key, and with a wrong one', async () => {
    for (const [method, path] of [
      ['GET', '/api/calls'],
      ['GET', `/api/calls/${callId}`],
      ['POST', `/api/calls/${callId}/streaming/start`],
      ['POST', `/api/calls/${callId}/streaming/stop`],
      ['POST', `/api/calls/${callId}/hang-up`],
    ] as const) {
      for (const headers of [{}, { 'x-functions-key': 'wrong' }]) {
        const { status } = await fetch(test.system.urls.control + path, { method, headers });
        expect(status, `${method} ${path}`).toBe(401);
      }
    }
  });

  it('an Event Grid delivery without the key of the trigger', async () => {
    const url = `${test.system.urls.control}/runtime/webhooks/eventgrid?functionName=incomingCall`;
    const headers = { 'aeg-event-type': 'Notification', 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body: '[]' })).status).toBe(401);
  });
});

describe('the worker app refuses', () => {
  const event = () =>
    ({
      'content-type': 'application/octet-stream',
      'webhook-request-origin': '127.0.0.1',
      'ce-specversion': '1.0',
      'ce-type': 'azure.webpubsub.user.echo',
      'ce-source': '/hubs/calls/client/abc',
      'ce-id': '1',
      'ce-hub': 'calls',
      'ce-eventname': 'echo',
      'ce-connectionid': 'abc',
      'ce-userid': callId,
    }) as const;
  const url = (): string => `${test.system.urls.worker}/api/workers/echo`;

  it('an event without a signature of Web PubSub, or with a wrong one', async () => {
    for (const signature of [undefined, `sha256=${'0'.repeat(64)}`]) {
      const headers = { ...event(), ...(signature && { 'ce-signature': signature }) };
      expect(
        (await fetch(url(), { method: 'POST', headers, body: 'x' })).status,
        signature ?? 'no signature',
      ).toBe(401);
    }
  });

  it('a signed event in chunks, whose body the host drops', async () => {
    const signature = createHmac('sha256', test.secrets.webPubSubAccessKey).update('abc').digest('hex');
    const headers = { ...event(), 'ce-signature': `sha256=${signature}` };
    const body = new Blob(['x']).stream();
    expect(
      (await fetch(url(), { method: 'POST', headers, body, duplex: 'half' } as RequestInit)).status,
    ).toBe(411);
  });
});

it('writes no telephone number, ticket, token or key into any log', async () => {
  const text = await test.log();
  expect(text.length, 'there is something in the logs').toBeGreaterThan(100);
  const { secrets } = test;
  for (const [name, secret] of Object.entries({
    number: CALLER.slice(1),
    'access key of ACS': secrets.acsAccessKey,
    'key of table storage': secrets.tablesKey,
    'key of Web PubSub': secrets.webPubSubAccessKey,
    'ticket key': secrets.ticketKey,
    'function key': secrets.functionsHostKey,
    'key of Event Grid': secrets.eventGridKey,
  })) {
    expect(text.includes(secret), `the logs hold a ${name}`).toBe(false);
  }
  expect(encodedJson(text), 'tickets and tokens in the logs').toEqual([]);
});
