/** A relay in this process, and an ACS that dials it. */

import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Logger } from 'pino';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { OpenLaneConnection } from '../../relay/lane/lane-connection.ts';
import type { watchLoopDelay } from '../../relay/operate/loop-delay.ts';
import { type Relay, startRelay } from '../../relay/relay.ts';
import type { httpLimits } from '../../relay/serve/http.ts';
import type { RelayConfig } from '../../relay/settings/relay-config.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { mediaPath, sealTicket, type Ticket } from '../../shared/wire/signed/ticket.ts';
import { PLAN } from '../support/calls.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { until } from '../support/until.ts';

export const TICKET_KEY = 'a ticket key of at least thirty-two bytes';
export const ADMIN_TOKEN = 'an-admin-token-of-at-least-thirty-two-bytes';
export const CALL_ID = '0123456789abcdef';
export const CONNECTION_ID = '421f0b00-aaaa-bbbb-cccc-1234567890ab';
const ISSUER = 'https://issuer.example';
const AUDIENCE = '6d8c2c37-54d6-4b2c-8f0a-0f5c9e7f1b11';

export function relayConfig(change: Partial<RelayConfig> = {}): RelayConfig {
  return {
    host: '127.0.0.1',
    port: 0,
    webPubSub: {
      connectionString: 'Endpoint=http://127.0.0.1:9;AccessKey=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH;',
      endpoint: 'http://127.0.0.1:9',
      accessKey: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH',
    },
    ticketKeys: [TICKET_KEY],
    // Nobody answers at port 9: a check that needed the keys would fail.
    acsTokens: { policy: 'off', issuer: ISSUER, audience: AUDIENCE, jwksUrl: 'http://127.0.0.1:9/keys' },
    maxCalls: 10,
    maxLoopDelayMs: 5_000,
    drainDeadlineMs: 5_000,
    maxBacklogMs: 1_000,
    jitterBufferMs: 0,
    playoutLeadMs: 300,
    adminToken: ADMIN_TOKEN,
    logLevel: 'silent',
    ...change,
  };
}

/** A lane that opens at once and acknowledges everything, so that a call ends as soon as its stream does. */
const openWillingLane: OpenLaneConnection = (_, { settled }) => ({
  start: () => Promise.resolve(),
  sendAudio: () => queueMicrotask(() => settled(true)),
  sendEvent: () => queueMicrotask(() => settled(true)),
  stop: () => {},
});

interface Dependencies {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Logger;
  readonly openConnection?: OpenLaneConnection;
  readonly watchLoop?: typeof watchLoopDelay;
  readonly limits?: ReturnType<typeof httpLimits>;
}

/** Starts a relay for the running test. */
export function startRelayFixture(
  change: Partial<RelayConfig> = {},
  dependencies: Dependencies = {},
): Promise<Relay> {
  return startRelayFixtureOf(relayConfig(change), dependencies);
}

export async function startRelayFixtureOf(
  config: RelayConfig,
  dependencies: Dependencies = {},
): Promise<Relay> {
  const running = await startRelay(config, {
    openConnection: openWillingLane,
    ...dependencies,
  });
  onTestFinished(() => running.close());
  return running;
}

export function ticketFor(change: Partial<Ticket> = {}, key = TICKET_KEY): Promise<string> {
  const ticket: Ticket = {
    callId: CALL_ID,
    from: '4:+14255550100',
    to: '4:+14255550199',
    plan: { ...PLAN, dtmf: true },
    expiresAtMs: Date.now() + 3_600_000,
    ...change,
  };
  return sealTicket(ticket, key, Date.now());
}

/** Of every issuer in this process: a key takes longer to make than most tests to run. */
const keyPair = generateKeyPair('RS256');

/** The issuer of ACS tokens: its keys over HTTP, and tokens signed with them. */
export async function tokenIssuer() {
  const { publicKey, privateKey } = await keyPair;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  return {
    settings: {
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUrl: `http://127.0.0.1:${port}/keys`,
    },
    token: (audience = AUDIENCE): Promise<string> =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setExpirationTime('24h')
        .sign(privateKey),
  };
}

type Headers = Readonly<Record<string, string>>;

const CONNECTION: Headers = { 'x-ms-call-connection-id': CONNECTION_ID };

/** What ACS sees of a media stream. */
export class AcsStream {
  readonly #socket: WebSocket;
  readonly received: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.received.push(String(data)));
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.isClosed = true;
        resolve({ code, reason: String(reason) });
      });
    });
  }

  send(...messages: (Buffer | string)[]): void {
    for (const message of messages) this.#socket.send(String(message));
  }

  sendBinary(message: Buffer): void {
    this.#socket.send(message, { binary: true });
  }

  close(): void {
    this.#socket.close(1000);
  }
}

export function mediaUrl({ url }: Pick<Relay, 'url'>, ticket: string, callId = CALL_ID): string {
  return url.replace('http:', 'ws:') + mediaPath(callId, ticket);
}

/** Dials as ACS does. */
export function dial(url: string, headers: Headers = CONNECTION): Promise<AcsStream> {
  const socket = new WebSocket(url, { headers });
  onTestFinished(() => socket.terminate());
  const stream = new AcsStream(socket);
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(stream));
    socket.on('error', reject);
  });
}

export interface Refused {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly detail: string;
}

/** Dials in the expectation of being refused. */
export function refusal(url: string, headers: Headers = CONNECTION): Promise<Refused> {
  const socket = new WebSocket(url, { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('the upgrade was accepted'));
    });
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const { detail } = JSON.parse(text) as { detail: string };
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, detail });
      });
    });
  });
}

export async function get(url: string, token?: string): Promise<{ status: number; text: string }> {
  const response = await fetch(
    url,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  return { status: response.status, text: await response.text() };
}

/** Sends a request whose path is taken literally. */
export function getLiterally({ url }: Relay, path: string, headers: Headers = {}): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

/** Waits for the relay's report of a call to have these members. */
export async function reportWith(running: Relay, wanted: object, callId = CALL_ID): Promise<unknown> {
  return await until(
    async () => {
      const { status, text } = await get(`${running.url}/calls/${callId}`, ADMIN_TOKEN);
      const report = status === 200 ? (JSON.parse(text) as Record<string, unknown>) : {};
      return Object.entries(wanted).every(([name, value]) => report[name] === value) && report;
    },
    `a report with ${JSON.stringify(wanted)}`,
  );
}
