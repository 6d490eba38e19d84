import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { callEvents } from '../../../functions/control/call-events.ts';
import { controlAppLoader, type LoadControlApp } from '../../../functions/control/control-app.ts';
import { incomingCall } from '../../../functions/control/incoming-call.ts';
import { invocationLog } from '../../../functions/control/invocation-log.ts';
import { requestCallAction } from '../../../functions/control/use-cases/request-call-action.ts';
import type { RunningAcs } from '../../../local/acs/acs.ts';
import { startAcs } from '../../../local/acs/server.ts';
import { startTables } from '../../../local/storage/server.ts';
import type { Call } from '../../../shared/core/call.ts';
import { verifyTicket } from '../../../shared/protocol/ticket.ts';
import { FakePhone } from '../../acs/media/fake-phone.ts';
import { type ControlHost, startControlHost } from '../../support/control-host.ts';
import { until } from '../../support/until.ts';

const TICKET_KEY = 'a ticket key for the tests, long enough';
const RESOURCE_ID = '33333333-3333-3333-3333-333333333333';

let host: ControlHost;
let acs: RunningAcs;
let relay: WebSocketServer;
let load: LoadControlApp;
let env: Record<string, string>;
const sockets: { socket: WebSocket; url: URL }[] = [];
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const tables = await startTables({ port: 0 });
  host = await startControlHost();
  acs = await startAcs({
    port: 0,
    accessKey: Buffer.from('an access key for tests').toString('base64'),
    resourceId: RESOURCE_ID,
    eventGrid: { endpoint: host.eventGridUrl },
  });
  relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => relay.once('listening', () => resolve()));
  relay.on('connection', (socket, request) => {
    sockets.push({ socket, url: new URL(request.url ?? '', 'ws://relay') });
    socket.on('message', () => {});
  });
  env = {
    ACS_CONNECTION_STRING: acs.connectionString,
    ACS_TOKEN_AUDIENCE: RESOURCE_ID,
    ACS_TOKEN_ISSUER: acs.tokens.issuer,
    ACS_JWKS_URL: acs.tokens.jwksUrl,
    PUBLIC_BASE_URL: host.url,
    RELAY_URL: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    RELAY_TICKET_KEY: TICKET_KEY,
    CALL_ROUTES: JSON.stringify([
      { name: 'blocked', match: { from: '+1900*' }, action: 'reject' },
      { name: 'later', match: { to: '+14255550177' }, startStreaming: false, workers: [{ name: 'echo' }] },
      { name: 'everyone', workers: [{ name: 'echo' }] },
    ]),
    TABLES_CONNECTION_STRING: tables.connectionString,
  };
  restartApp();
  closers.push(
    () => acs.close(),
    () => host.close(),
    () => tables.close(),
    () => new Promise((resolve) => relay.close(() => resolve())),
  );
});

afterAll(async () => {
  for (const { socket } of sockets) socket.terminate();
  for (const close of closers) await close();
});

/** A new app from the settings, as after a restart: it remembers nothing. */
function restartApp(): void {
  load = controlAppLoader(env);
  host.handlers = { incomingCall: incomingCall(load), callEvents: callEvents(load) };
}

function ring(to: string, from = '+14255550123', deliveries = 1): ReturnType<RunningAcs['placeCall']> {
  return acs.placeCall({ from, to, deliveries, phone: (rawId) => new FakePhone(rawId) });
}

async function live(): Promise<readonly Call[]> {
  return (await load()).deps.store.listLive(10);
}

async function callTo(to: string, state: (call: Call) => boolean, what: string): Promise<Call> {
  return await until(
    async () => (await live()).find((call) => call.to === `…${to.slice(-4)}` && state(call)),
    what,
  );
}

const log = invocationLog({ info: () => {}, warn: () => {}, error: () => {} });

describe('the control app against ACS', () => {
  it('answers a call that is delivered five times once, streams it and sees it end', async () => {
    const placed = ring('+14255550101', '+14255550123', 5);
    const call = await callTo(
      '+14255550101',
      ({ phase, streaming }) => phase === 'connected' && streaming.state === 'active',
      'the call to be connected and streaming',
    );
    expect(placed.answers).toMatchObject({ accepted: 1, refused: 0 });
    expect(call.callConnectionId).toBe(placed.ids.callConnectionId);

    const { url } = await until(() => sockets.at(-1), 'the media socket');
    expect(url.pathname).toBe(`/media/${call.callId}`);
    const ticket = await verifyTicket(
      url.searchParams.get('ticket') ?? '',
      call.callId,
      [TICKET_KEY],
      Date.now(),
    );
    expect(ticket).toMatchObject({ from: '4:+14255550123', to: '4:+14255550101', plan: call.plan });

    const { deps } = await load();
    const outcome = await requestCallAction(deps, call.callId, { type: 'HangUpRequested' }, log);
    expect(outcome.kind).toBe('accepted');
    const ended = await until(async () => {
      const now = await deps.store.get(call.callId);
      return now?.phase === 'ended' ? now : undefined;
    }, 'the call to end');
    expect(ended.streaming.state).toBe('inactive');
    expect(placed.state).toBe('disconnected');
    expect(placed.outcome).toBe('hungUpByApplication');

    const timeline = (await deps.store.timeline(call.callId, 100)).map(({ type }) => type);
    for (const type of [
      'IncomingCall',
      'AnswerSucceeded',
      'CallConnected',
      'MediaStreamingStarted',
      'CallDisconnected',
    ])
      expect(
        timeline.filter((entry) => entry === type),
        type,
      ).toHaveLength(1);
    expect(host.answered.filter(({ status }) => status >= 300)).toEqual([]);
  });

  it('starts and stops streaming of a call when asked, also after a restart of the app', async () => {
    ring('+14255550177');
    const call = await callTo(
      '+14255550177',
      ({ phase }) => phase === 'connected',
      'the call to be connected',
    );
    expect(call.streaming.state).toBe('inactive');
    const request = async (type: 'StartRequested' | 'StopRequested'): Promise<string> =>
      (await requestCallAction((await load()).deps, call.callId, { type, operationContext: 'mine' }, log))
        .kind;
    const reaches = (state: string): Promise<Call> =>
      callTo('+14255550177', ({ streaming }) => streaming.state === state, `streaming to be ${state}`);

    expect(await request('StartRequested')).toBe('accepted');
    await reaches('active');
    restartApp();
    expect(await request('StartRequested'), 'it is on already').toBe('refused');
    expect(await request('StopRequested')).toBe('accepted');
    await reaches('inactive');
    expect(await request('StartRequested')).toBe('accepted');
    await reaches('active');
    await requestCallAction((await load()).deps, call.callId, { type: 'HangUpRequested' }, log);
    await until(async () => (await live()).length === 0, 'no call to be left');
  });

  it('starts streaming again when the media socket breaks', async () => {
    const before = sockets.length;
    ring('+14255550102');
    await callTo('+14255550102', ({ streaming }) => streaming.state === 'active', 'streaming');
    sockets[before]?.socket.terminate();
    await until(() => sockets.length === before + 2, 'a second media socket');
    const call = await callTo(
      '+14255550102',
      ({ streaming }) => streaming.state === 'active' && streaming.retries === 1,
      'streaming again',
    );
    await requestCallAction((await load()).deps, call.callId, { type: 'HangUpRequested' }, log);
    await until(async () => (await live()).length === 0, 'no call to be left');
  });

  it('answers once though the response to the answer is lost', async () => {
    acs.armFault({
      on: 'rest',
      fault: 'error',
      when: 'after',
      operation: 'answerCall',
      status: 503,
      count: 1,
    });
    const placed = ring('+14255550103');
    const call = await callTo(
      '+14255550103',
      ({ phase }) => phase === 'connected',
      'the call to be connected',
    );
    await until(() => placed.answers.replayed === 1, 'the answer to be asked for again');
    expect(placed.answers).toMatchObject({ accepted: 1, refused: 0, replayed: 1 });
    await requestCallAction((await load()).deps, call.callId, { type: 'HangUpRequested' }, log);
    await until(async () => (await live()).length === 0, 'no call to be left');
  });

  it('rejects what a route blocks', async () => {
    const placed = ring('+14255550104', '+19005550100');
    await until(() => placed.outcome !== undefined, 'the call to end');
    expect(placed.outcome).toBe('rejected');
  });

  it('leaves no number and no ticket in its log', () => {
    const text = host.logged.join('\n');
    expect(text).toContain('The call is answered');
    expect(text).not.toMatch(/\+1\d{10}|ticket=/);
  });
});
