import { beforeEach, describe, expect, it } from 'vitest';
import { streamHandover } from '../../../../functions/control/triggers/relay-requests.ts';
import { MAX_HANDOVER_CHARS, sealHandover } from '../../../../shared/wire/relay/stream-handover.ts';
import { callTicket } from '../../../support/call-ticket.ts';
import { CONNECTED_ID } from '../../../support/connected-call.ts';
import { ControlFixture, TICKET_KEY } from '../../../support/control-fixture.ts';

const HANDOVER = { streams: 1, workers: [], lanes: {} };

let fixture: ControlFixture;
beforeEach(() => {
  fixture = new ControlFixture();
});

async function ask(method: 'GET' | 'PUT', proof: string | undefined, text?: string) {
  const response = await fixture.respond(streamHandover(fixture.load), {
    method,
    params: { callId: CONNECTED_ID },
    headers: proof === undefined ? {} : { authorization: `Bearer ${proof}` },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: response.status ?? 200, body: response.body };
}

describe('what one stream of a call leaves for the next', () => {
  it('is kept for whoever holds the ticket of the call, the last of it', async () => {
    expect(await ask('GET', await callTicket(fixture))).toMatchObject({ status: 204 });
    const sealed = await sealHandover(HANDOVER, CONNECTED_ID, TICKET_KEY);
    expect(await ask('PUT', await callTicket(fixture), 'a.b.c.d.e')).toMatchObject({ status: 204 });
    expect(await ask('PUT', await callTicket(fixture), sealed)).toMatchObject({ status: 204 });
    expect(await ask('GET', await callTicket(fixture))).toEqual({ status: 200, body: sealed });
  });

  it('is kept from everybody else', async () => {
    fixture.handovers.set(CONNECTED_ID, 'a.b.c.d.e');
    for (const proof of [
      undefined,
      'no ticket',
      await callTicket(fixture, { callId: 'fedcba9876543210' }),
      await callTicket(fixture, {}, 'a key of somebody else, as long as ours is'),
    ]) {
      for (const method of ['GET', 'PUT'] as const)
        expect(await ask(method, proof, method === 'PUT' ? 'x.x.x.x.x' : undefined)).toMatchObject({
          status: 401,
        });
    }
    expect(fixture.handovers.get(CONNECTED_ID)).toBe('a.b.c.d.e');
  });

  it('is refused when it is too long, or not sealed', async () => {
    const long = `a.b.c.d.${'e'.repeat(MAX_HANDOVER_CHARS)}`;
    expect(await ask('PUT', await callTicket(fixture), long)).toMatchObject({ status: 413 });
    expect(await ask('PUT', await callTicket(fixture), '{"streams":1}')).toMatchObject({ status: 400 });
    expect(fixture.handovers.size).toBe(0);
  });
});
