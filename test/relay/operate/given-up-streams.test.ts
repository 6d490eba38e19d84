import { createServer } from 'node:http';
import type { HttpHandler } from '@azure/functions';
import { expect, it, onTestFinished } from 'vitest';
import { restartMediaStreaming, streamReport } from '../../../functions/control/triggers/relay-requests.ts';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import { callTicket } from '../../support/call-ticket.ts';
import { T0 } from '../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../support/connected-call.ts';
import { ControlFixture, TICKET_KEY } from '../../support/control-fixture.ts';
import { closeAtOnce, listenOnLoopback } from '../../support/loopback.ts';
import { until } from '../../support/until.ts';
import { RelayClock } from '../relay-clock.ts';
import { dial, mediaUrl, startRelayFixture } from '../relay-fixture.ts';

const FIRST_FRAME_LIMIT_MS = 10_000;
const MAX_RESTARTS = 3;

/** What a relay asks of the control app, on a loopback address; ACS and storage are the fixture's. */
async function serveRelays(fixture: ControlFixture): Promise<string> {
  const handlers: Record<string, HttpHandler> = {
    restart: restartMediaStreaming(fixture.load),
    ended: streamReport(fixture.load, 'ended'),
    lost: streamReport(fixture.load, 'lost'),
  };
  const server = createServer((request, response) => {
    const [callId = '', , what = ''] = (request.url ?? '').split('/').slice(3);
    const handler = handlers[what];
    // There is no handover.
    if (handler === undefined) return void response.writeHead(204).end();
    const { authorization = '' } = request.headers;
    fixture.call(handler, { method: 'POST', params: { callId }, headers: { authorization } }).then(
      ({ status }) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => closeAtOnce(server));
  return `http://127.0.0.1:${port}`;
}

it('does not leave the API saying that a call is streamed whose streams die again and again', async () => {
  const fixture = new ControlFixture();
  await ring(fixture);
  await report(fixture, 'CallConnected');
  const clock = new RelayClock(T0);
  const controlUrl = await serveRelays(fixture);
  const running = await startRelayFixture({ controlUrl, ticketKeys: [TICKET_KEY] }, { clock });
  const streaming = async (): Promise<CallView['streaming']> => {
    const { json } = await fixture.ask('getCall', { params: { callId: CONNECTED_ID } });
    return (json as CallView).streaming;
  };
  const url = mediaUrl(running, await callTicket(fixture), CONNECTED_ID);

  for (let death = 0; death <= MAX_RESTARTS; death += 1) {
    const stream = await dial(url);
    await report(fixture, 'MediaStreamingStarted');
    expect(await streaming()).toMatchObject({ state: 'active' });
    fixture.nowMs += FIRST_FRAME_LIMIT_MS;
    await clock.advance(FIRST_FRAME_LIMIT_MS);
    expect((await stream.closed).code).toBe(1001);
    if (death === MAX_RESTARTS) break;
    await until(async () => (await streaming()).state === 'stopping', 'the relay to ask for a restart');
    await report(fixture, 'MediaStreamingStopped');
  }
  await until(async () => (await streaming()).state !== 'active', 'the relay to give up');
  const lost = {
    state: 'failed',
    reason: 'the stream brought no audio, however often it was started again',
  };
  expect(await streaming()).toMatchObject(lost);
  await until(() => fixture.acs.count('stopMediaStreaming') === MAX_RESTARTS + 1, 'ACS to be asked to stop');
  await report(fixture, 'MediaStreamingStopped');
  expect(await streaming(), 'the reason stays').toMatchObject(lost);

  const started = await fixture.ask('startMediaStreaming', { params: { callId: CONNECTED_ID } });
  expect(started).toMatchObject({ status: 202 });
  await report(fixture, 'MediaStreamingStarted');
  expect((await streaming()).state).toBe('active');
  expect(fixture.logged.join('\n')).not.toContain(url.slice(-40));
});
