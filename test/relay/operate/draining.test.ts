import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyRelayProof } from '../../../shared/wire/signed/relay-proof.ts';
import { openTicket } from '../../../shared/wire/signed/ticket.ts';
import { TokenError } from '../../../shared/wire/signed/verify-signed.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { until } from '../../support/until.ts';
import { RelayClock } from '../relay-clock.ts';
import {
  type AcsStream,
  CALL_ID,
  dial,
  get,
  mediaUrl,
  refusal,
  startRelayFixture,
  TICKET_KEY,
  ticketFor,
} from '../relay-fixture.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
}

/** A control app that answers with this status, and lets ACS end the stream when it accepts. */
async function controlApp(status: number, stream?: () => AcsStream | undefined) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, path, authorization: headers.authorization ?? '' });
    response.writeHead(status).end();
    if (status === 202) stream?.()?.close();
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { asked, controlUrl: `http://127.0.0.1:${port}` };
}

describe('A relay that is to end', () => {
  it('has its call moved with proofs of its own, of which none is the ticket, and neither takes another nor ends this one itself', async () => {
    let stream: AcsStream | undefined;
    const { asked, controlUrl } = await controlApp(202, () => stream);
    // Its tickets are fresh and no time limit of its own runs out, however long all this takes.
    const clock = new RelayClock(Date.now());
    const running = await startRelayFixture({ controlUrl }, { clock });
    const ticket = await ticketFor();
    stream = await dial(mediaUrl(running, ticket));
    await running.drain();
    for (const { authorization, method } of asked) {
      const proof = authorization.replace('Bearer ', '');
      const action = method === 'PUT' ? 'store-handover' : 'restart';
      await verifyRelayProof(proof, { callId: CALL_ID, action }, [TICKET_KEY], clock.nowMs());
      await expect(openTicket(proof, CALL_ID, [TICKET_KEY], clock.nowMs())).rejects.toThrow(TokenError);
    }
    const requests = asked.map(({ method, path }) => ({ method, path }));
    expect(requests, 'it leaves word for the next stream before that can begin').toEqual([
      { method: 'PUT', path: `/api/calls/${CALL_ID}/streaming/handover` },
      { method: 'POST', path: `/api/calls/${CALL_ID}/streaming/restart` },
    ]);
    expect((await stream.closed).code, 'ACS closes its stream itself').toBe(1000);
    expect((await get(`${running.url}/readyz`)).status).toBe(503);
    expect((await get(`${running.url}/healthz`)).status).toBe(200);
    const again = await refusal(mediaUrl(running, ticket));
    expect(again).toMatchObject({ status: 503, detail: 'the relay is shutting down' });
  });

  it('gives up at the deadline, with the call still going on until it is closed', async () => {
    const { asked, controlUrl } = await controlApp(500);
    const clock = new RelayClock(Date.now());
    const running = await startRelayFixture({ controlUrl, drainDeadlineMs: 300 }, { clock });
    const stream = await dial(mediaUrl(running, await ticketFor()));
    let isDone = false;
    const drained = running.drain().then(() => {
      isDone = true;
    });
    await until(() => asked.some(({ method }) => method === 'POST'), 'the relay to ask for the restart');
    await clock.advance(299);
    expect(isDone, 'before the deadline').toBe(false);
    await clock.advance(1);
    await drained;
    expect(stream.isClosed).toBe(false);
    await running.close();
    expect(await stream.closed).toEqual({ code: 1001, reason: 'relay shutting down' });
  });

  it('cannot move a call without the address of the control app, and takes no more all the same', async () => {
    const running = await startRelayFixture();
    const stream = await dial(mediaUrl(running, await ticketFor()));
    await running.drain();
    expect(stream.isClosed).toBe(false);
    await until(async () => (await get(`${running.url}/readyz`)).status === 503, 'the relay not to be ready');
  });
});
