import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAccess } from '../../../../functions/control/access/access.ts';
import { createEntraTokenVerifier } from '../../../../functions/control/access/entra-token.ts';
import type { LoadControlApp } from '../../../../functions/control/app.ts';
import { callEvents } from '../../../../functions/control/triggers/call-events.ts';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import {
  endIdleCall,
  restartMediaStreaming,
  streamHandover,
  streamReport,
  workerNotes,
} from '../../../../functions/control/triggers/relay-requests.ts';
import { WorkerWebhook } from '../../../../functions/workers/kit/webhook.ts';
import { echo } from '../../../../functions/workers/samples/echo.ts';
import { LatencyMetrics } from '../../../../relay/operate/latency-metrics.ts';
import { admit } from '../../../../relay/serve/admission.ts';
import { CallRegistry } from '../../../../relay/serve/call-registry.ts';
import { answering } from '../../../../relay/serve/http.ts';
import { Refusal } from '../../../../relay/serve/refusal.ts';
import { CALLBACK_TOKEN_MAX_S, createAcsTokenVerifier } from '../../../../shared/wire/acs/acs-token.ts';
import { readCallControl, signCallControl } from '../../../../shared/wire/relay/call-control-messages.ts';
import { sealHandover } from '../../../../shared/wire/relay/stream-handover.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { mediaPath } from '../../../../shared/wire/signed/ticket.ts';
import { TokenError } from '../../../../shared/wire/signed/verify-signed.ts';
import { callTicket, relayProof } from '../../../support/call-ticket.ts';
import { CONNECTION_ID, PLAN, T0 } from '../../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { ControlFixture, type RequestOptions, TICKET_KEY } from '../../../support/control-fixture.ts';
import { AUDIENCE, type EntraTenant, startEntraTenant, TENANT_ID } from '../../../support/entra-tenant.ts';
import { ACCESS_KEY, ENDPOINT_HOST, eventRequest } from '../../workers/kit/web-pubsub-request.ts';

/** Every kind of token at every door, each valid and about the same call: only its own door lets it in. */

const ADMIN_TOKEN = 'an admin token of at least thirty-two bytes';
const ACS = { issuer: 'https://acs.example', audience: '33333333-3333-3333-3333-333333333333' };
const CALL = { callId: CONNECTED_ID };
const NOTES = { notes: [{ id: 'note:1', atMs: T0, worker: 'echo', kind: 'note', text: 'hello' }] };

let tenant: EntraTenant;
let acs: EntraTenant;
let fixture: ControlFixture;
let load: LoadControlApp;

beforeAll(async () => {
  [tenant, acs] = await Promise.all([startEntraTenant(() => T0), startEntraTenant(() => T0)]);
});
afterAll(() => Promise.all([tenant?.close(), acs?.close()]));

beforeEach(async () => {
  const spy = { name: 'spy', listen: { mode: 'chunk', ms: 100 }, speaks: false } as const;
  const plan = { ...PLAN, idleMs: 60_000, workers: [...PLAN.workers, spy] };
  fixture = new ControlFixture([{ name: 'everyone', match: {}, action: 'answer', plan }]);
  await ring(fixture);
  for (const type of ['CallConnected', 'MediaStreamingStarted']) await report(fixture, type);
  const { jwksUrl, issuer } = tenant;
  const entra = createEntraTokenVerifier({
    tenantId: TENANT_ID,
    audience: AUDIENCE,
    issuers: [issuer],
    jwksUrl,
  });
  const rates = { now: () => fixture.nowMs, readsPerMinute: 60_000, actsPerMinute: 60_000 };
  const acsTokens = createAcsTokenVerifier({
    ...ACS,
    jwksUrl: acs.jwksUrl,
    maxLifetimeS: CALLBACK_TOKEN_MAX_S,
  });
  const access = createAccess({
    ticketKeys: [TICKET_KEY],
    entra,
    readCall: (callId) => fixture.store.get(callId),
    ...rates,
  });
  load = async () => ({ ...(await fixture.load()), access, acsTokens });
});

function acsToken(lifetimeS: number): Promise<string> {
  const notOfEntra = { tid: undefined, oid: undefined, azp: undefined, roles: undefined };
  const exp = T0 / 1_000 + lifetimeS;
  return acs.token([], { ...notOfEntra, iss: ACS.issuer, aud: ACS.audience, exp });
}

function control(): Promise<string> {
  const message = { type: 'detach', worker: 'echo' } as const;
  return signCallControl(CONNECTED_ID, message, { key: TICKET_KEY, nowMs: fixture.nowMs, id: 'id-1' });
}

/** As `getClientAccessToken` of the SDK makes it: of a lane, for the user that is the call. */
function laneToken(): Promise<string> {
  return new SignJWT({ 'webpubsub.group': [`call.${CONNECTED_ID}.up.echo`] })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(`https://${ENDPOINT_HOST}/client/hubs/calls`)
    .setSubject(CONNECTED_ID)
    .setIssuedAt(T0 / 1_000)
    .setExpirationTime(T0 / 1_000 + 300)
    .sign(new TextEncoder().encode(ACCESS_KEY));
}

const TOKENS: Readonly<Record<string, () => Promise<string> | string>> = {
  ticket: () => callTicket(fixture),
  'relay proof to restart': () => relayProof(fixture, 'restart'),
  'relay proof of idleness': () => relayProof(fixture, 'idle'),
  'relay proof of an end': () => relayProof(fixture, 'ended'),
  'relay proof of a loss': () => relayProof(fixture, 'lost'),
  'relay proof of texts': () => relayProof(fixture, 'notes'),
  'relay proof to read a handover': () => relayProof(fixture, 'read-handover'),
  'relay proof to store a handover': () => relayProof(fixture, 'store-handover'),
  'call token': () => callToken('echo'),
  'call token of a worker that only listens': () => callToken('spy'),
  'call token of a worker that is not on the call': () => callToken('robot'),
  'control message': control,
  handover: () => sealedHandover(),
  'lane token': laneToken,
  'ACS media token': () => acsToken(86_400),
  'ACS callback token': () => acsToken(300),
  'Entra token': () => tenant.token(['Calls.Control']),
  'admin token': () => ADMIN_TOKEN,
  'ticket key': () => TICKET_KEY,
  'access key': () => ACCESS_KEY,
  'signature of an event': () => createHmac('sha256', ACCESS_KEY).update('Xq3-connection').digest('hex'),
};

function callToken(worker: string): string {
  return signCallToken({ ...CALL, worker, expiresAtMs: fixture.nowMs + 60_000 }, TICKET_KEY);
}

function sealedHandover(): Promise<string> {
  return sealHandover(
    { streams: 1, workers: [], lanes: {}, version: fixture.nowMs },
    CONNECTED_ID,
    TICKET_KEY,
  );
}

async function ask(
  handler: ReturnType<typeof callEvents>,
  token: string,
  options: RequestOptions = {},
): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fixture.call(handler, { params: CALL, headers, ...options })).status;
}

/** Asks the relay for a media stream. @returns the HTTP status */
async function stream(ticket: string, acsMediaToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${acsMediaToken}`, 'x-ms-call-connection-id': CONNECTION_ID };
  const tokens = createAcsTokenVerifier({ ...ACS, jwksUrl: acs.jwksUrl });
  const rules = { ticketKeys: [TICKET_KEY], tokenPolicy: 'require', tokens } as const;
  try {
    const url = mediaPath(CONNECTED_ID, encodeURIComponent(ticket));
    await admit({ url, headers }, rules, fixture.nowMs);
    return 101;
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
}

async function event(headers: Record<string, string>): Promise<number> {
  const service = { endpointHost: ENDPOINT_HOST, accessKeys: [ACCESS_KEY] };
  const webhook = new WorkerWebhook({ workers: [echo], service: () => service });
  const log = { warn: () => {}, error: () => {} };
  const body = new TextEncoder().encode(JSON.stringify({ type: 'dtmf', tone: '1' }));
  const request = eventRequest({ body, contentType: 'application/json', headers });
  return (await webhook.handle(request, { log })).status;
}

function page(url: string, token: string): number {
  let status = 0;
  const response = {
    writeHead: (code: number) => {
      status = code;
      return response;
    },
    end: () => response,
  };
  answering({
    registry: new CallRegistry(10),
    maxCalls: 10,
    adminToken: ADMIN_TOKEN,
    isLocal: false,
    clock: { elapsedMs: () => 0 },
    loopDelay: () => ({ p50: 0, p99: 0, max: 0 }),
    latencies: () => new LatencyMetrics().snapshot(),
    residentBytes: () => 0,
    refused: () => ({}),
    notes: () => ({ stored: 0, dropped: {} }),
  })(
    { method: 'GET', url, headers: { authorization: `Bearer ${token}` } } as IncomingMessage,
    response as unknown as ServerResponse,
  );
  return status;
}

async function command(token: string): Promise<number> {
  try {
    await readCallControl({ control: token }, CONNECTED_ID, [TICKET_KEY], fixture.nowMs);
    return 200;
  } catch (error) {
    if (error instanceof TokenError) return 401;
    throw error;
  }
}

interface Door {
  readonly name: string;
  /** The tokens that open it. */
  readonly opens: readonly string[];
  /** The HTTP status of what it answers to a token. */
  readonly knock: (token: string) => Promise<number> | number;
}

const DOORS: readonly Door[] = [
  {
    name: 'a media stream, in the URL',
    opens: ['ticket'],
    knock: async (token) => stream(token, await acsToken(86_400)),
  },
  {
    name: 'a media stream, in Authorization',
    // How long the token of a media socket is valid is told by examples only, so the relay does not look at it.
    opens: ['ACS media token', 'ACS callback token'],
    knock: async (token) => stream(await callTicket(fixture), token),
  },
  {
    name: 'the restart of a stream',
    opens: ['relay proof to restart'],
    knock: (token) => ask(restartMediaStreaming(load), token),
  },
  {
    name: 'the report that a stream is over',
    opens: ['relay proof of an end'],
    knock: (token) => ask(streamReport(load, 'ended'), token),
  },
  {
    name: 'the report that a stream is given up',
    opens: ['relay proof of a loss'],
    knock: (token) => ask(streamReport(load, 'lost'), token),
  },
  {
    name: 'the end of an idle call',
    opens: ['relay proof of idleness'],
    knock: (token) => ask(endIdleCall(load), token),
  },
  {
    name: 'the texts of workers',
    opens: ['relay proof of texts'],
    knock: (token) => ask(workerNotes(load), token, { body: NOTES }),
  },
  {
    name: 'a handover to be read',
    opens: ['relay proof to read a handover'],
    knock: (token) => ask(streamHandover(load), token, { method: 'GET' }),
  },
  {
    name: 'a handover to be stored',
    opens: ['relay proof to store a handover'],
    knock: async (token) => ask(streamHandover(load), token, { method: 'PUT', body: await sealedHandover() }),
  },
  {
    name: 'the operations of one call, for workers',
    // The same handlers serve the API, and they tell the kinds of tokens apart. Here the host looks at no key.
    opens: ['call token', 'call token of a worker that only listens', 'Entra token'],
    knock: (token) => ask(handlerOf('getCall', load, 'nothing'), token, { method: 'GET' }),
  },
  {
    name: 'the end of one call, for workers',
    opens: ['call token', 'Entra token'],
    knock: (token) => ask(handlerOf('hangUp', load, 'nothing'), token),
  },
  {
    name: 'the list of all calls',
    opens: ['Entra token'],
    knock: (token) => ask(handlerOf('listCalls', load, 'nothing'), token, { method: 'GET', params: {} }),
  },
  {
    name: 'a callback',
    opens: ['ACS callback token'],
    knock: (token) => ask(callEvents(load), token, { body: [] }),
  },
  {
    name: 'an event of Web PubSub, as its signature',
    opens: ['signature of an event'],
    knock: (token) => event({ 'ce-signature': `sha256=${token}` }),
  },
  {
    name: 'an event of Web PubSub, as its connection and the signature of that',
    opens: [],
    knock: (token) => {
      const [head = '', payload = '', signature = ''] = token.split('.');
      return event({
        'ce-connectionId': `${head}.${payload}`,
        'ce-signature': `sha256=${Buffer.from(signature, 'base64url').toString('hex')}`,
      });
    },
  },
  { name: 'a message in the control group of a call', opens: ['control message'], knock: command },
  { name: 'the metrics of a relay', opens: ['admin token'], knock: (token) => page('/metrics', token) },
  { name: 'the reports of a relay', opens: ['admin token'], knock: (token) => page('/calls', token) },
];

describe('a door is opened by its own kind of token, and by no other that is valid elsewhere', () => {
  it.each(DOORS)('$name: $opens', async ({ opens, knock }) => {
    const opened: string[] = [];
    // Those that open it come last, since they may change the call.
    const kinds = Object.keys(TOKENS).sort((a, b) => Number(opens.includes(a)) - Number(opens.includes(b)));
    for (const kind of kinds) {
      const status = await knock((await TOKENS[kind]?.()) ?? '');
      if (status < 300) opened.push(kind);
      else expect([400, 401, 403], kind).toContain(status);
    }
    expect(opened.toSorted()).toEqual(opens.toSorted());
  });

  it('no body is read before the door is open', async () => {
    let bytes = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          bytes += 1_024;
          controller.enqueue(new Uint8Array(1_024));
        },
      },
      { highWaterMark: 0 },
    );
    const handlers = {
      placeCall: handlerOf('placeCall', load, 'nothing'),
      transfer: handlerOf('transfer', load, 'nothing'),
      callEvents: callEvents(load),
      endIdleCall: endIdleCall(load),
      workerNotes: workerNotes(load),
      streamHandover: streamHandover(load),
    };
    for (const authorization of ['', 'Bearer none'])
      for (const [name, handler] of Object.entries(handlers)) {
        const headers = new Headers({ authorization });
        const request = { method: 'PUT', params: CALL, query: new URLSearchParams(), headers, body };
        const { status } = (await handler(request as never, fixture.context())) as { status: number };
        expect([401, 403], name).toContain(status);
        expect(bytes, name).toBe(0);
      }
  });

  it('no other call is opened by any of them but the token of a person', async () => {
    const params = { callId: 'bbbbccccddddeeeebbbbccccddddeeee' };
    for (const [kind, make] of Object.entries(TOKENS)) {
      const token = await make();
      const statuses = [
        await ask(restartMediaStreaming(load), token, { params }),
        await ask(endIdleCall(load), token, { params }),
        await ask(streamHandover(load), token, { params, method: 'GET' }),
        await ask(workerNotes(load), token, { params, body: NOTES }),
        await ask(handlerOf('getCall', load, 'nothing'), token, { params, method: 'GET' }),
      ];
      expect(statuses.slice(0, 4), kind).toEqual([401, 401, 401, 401]);
      expect(statuses[4], kind).toBe(
        kind === 'Entra token' ? 404 : kind.startsWith('call token') ? 403 : 401,
      );
    }
  });
});
