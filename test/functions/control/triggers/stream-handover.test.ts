import type { HttpResponseInit } from '@azure/functions';
import { beforeEach, describe, expect, it } from 'vitest';
import { streamHandover } from '../../../../functions/control/triggers/relay-requests.ts';
import { problemType } from '../../../../shared/wire/api/problem.ts';
import { MAX_HANDOVER_CHARS, sealHandover } from '../../../../shared/wire/relay/stream-handover.ts';
import { callTicket, relayProof } from '../../../support/call-ticket.ts';
import { T0 } from '../../../support/calls.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { ControlFixture, TICKET_KEY } from '../../../support/control-fixture.ts';

const OTHER_CALL = 'fedcba9876543210';

let fixture: ControlFixture;
beforeEach(async () => {
  fixture = new ControlFixture();
  await ring(fixture);
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

const get = async () => await ask('GET', await relayProof(fixture, 'read-handover'));
const put = async (text: string) => await ask('PUT', await relayProof(fixture, 'store-handover'), text);

function sealed(version: number, callId = CONNECTED_ID, key = TICKET_KEY): Promise<string> {
  return sealHandover({ streams: 1, workers: [], lanes: {}, version }, callId, key);
}

function problemOf({ body }: Pick<HttpResponseInit, 'body'>): unknown {
  return (JSON.parse(String(body)) as { type: unknown }).type;
}

describe('what one stream of a call leaves for the next', () => {
  it('is kept for a relay that proves to stream the call, the last of it', async () => {
    expect(await get()).toMatchObject({ status: 204 });
    expect(await put(await sealed(T0))).toMatchObject({ status: 204 });
    const last = await sealed(T0 + 1);
    expect(await put(last)).toMatchObject({ status: 204 });
    expect(await put(last), 'the same again, where the first answer was lost').toMatchObject({ status: 204 });
    expect(await get()).toEqual({ status: 200, body: last });
  });

  it('is kept from everybody else, the holder of the ticket included', async () => {
    fixture.handovers.set(CONNECTED_ID, { sealed: 'a.b.c.d.e', version: 1 });
    for (const proof of [
      undefined,
      'no proof',
      await callTicket(fixture),
      await sealed(T0),
      await relayProof(fixture, 'restart'),
      await relayProof(fixture, 'store-handover', OTHER_CALL),
      await relayProof(fixture, 'read-handover', OTHER_CALL),
      await relayProof(fixture, 'read-handover', CONNECTED_ID, 'a key of somebody else, as long as ours is'),
    ]) {
      for (const method of ['GET', 'PUT'] as const)
        expect(await ask(method, proof, method === 'PUT' ? await sealed(T0) : undefined)).toMatchObject({
          status: 401,
        });
    }
    expect(fixture.handovers.get(CONNECTED_ID)?.sealed).toBe('a.b.c.d.e');
  });

  it('is not replaced by something that the next relay could not use', async () => {
    const good = await sealed(T0);
    await put(good);
    const changed = good.replace(/.(?=\.[^.]*$)/, (last) => (last === 'A' ? 'Q' : 'A'));
    for (const bad of [
      'a.b.c.d.e',
      '{"streams":1}',
      changed,
      await sealed(T0 + 1, OTHER_CALL),
      await sealed(T0 + 3_600_000),
      await sealed(T0 + 1, CONNECTED_ID, 'a key of somebody else, as long as ours is'),
      await callTicket(fixture),
    ])
      expect(await put(bad), bad.slice(0, 20)).toMatchObject({ status: 400 });
    expect(await put(`a.b.c.d.${'e'.repeat(MAX_HANDOVER_CHARS)}`)).toMatchObject({ status: 413 });
    expect(await get()).toEqual({ status: 200, body: good });
  });

  it('is not replaced by something older', async () => {
    const newer = await sealed(T0 + 1);
    await put(newer);
    const answer = await put(await sealed(T0));
    expect(answer.status).toBe(409);
    expect(problemOf(answer)).toBe(problemType('handover-outdated'));
    expect(await get()).toEqual({ status: 200, body: newer });
  });

  it('is opened with the previous ticket key while keys are rotated', async () => {
    const oldKey = 'the ticket key that was used before this one';
    const load = async () => ({ ...(await fixture.load()), ticketKeys: [TICKET_KEY, oldKey] });
    const response = await fixture.respond(streamHandover(load), {
      method: 'PUT',
      params: { callId: CONNECTED_ID },
      headers: {
        authorization: `Bearer ${await relayProof(fixture, 'store-handover', CONNECTED_ID, oldKey)}`,
      },
      body: await sealed(T0, CONNECTED_ID, oldKey),
    });
    expect(response.status).toBe(204);
  });

  it('is neither kept nor answered for a call that is over, or that nobody knows', async () => {
    await report(fixture, 'CallConnected');
    await put(await sealed(T0));
    await report(fixture, 'CallDisconnected');
    for (const answer of [await put(await sealed(T0 + 1)), await get()]) {
      expect(answer.status).toBe(409);
      expect(problemOf(answer)).toBe(problemType('call-ended'));
    }
    expect(fixture.handovers.get(CONNECTED_ID)?.version).toBe(T0);
    const unknown = await fixture.respond(streamHandover(fixture.load), {
      method: 'PUT',
      params: { callId: OTHER_CALL },
      headers: { authorization: `Bearer ${await relayProof(fixture, 'store-handover', OTHER_CALL)}` },
      body: await sealed(T0, OTHER_CALL),
    });
    expect(unknown.status).toBe(404);
  });

  it('is not kept when the call ends before the handover is there as a whole', async () => {
    await report(fixture, 'CallConnected');
    const text = await sealed(T0);
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          await report(fixture, 'CallDisconnected');
          controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = new Headers({ authorization: `Bearer ${await relayProof(fixture, 'store-handover')}` });
    const request = {
      method: 'PUT',
      query: new URLSearchParams(),
      params: { callId: CONNECTED_ID },
      headers,
      body,
    };
    const answer = await streamHandover(fixture.load)(request as never, fixture.context());
    expect(answer).toMatchObject({ status: 409 });
    expect(fixture.handovers.size).toBe(0);
  });

  it('is not read before the proof is checked, nor beyond its bound after that', async () => {
    const { read, request } = endlessBody();
    const headers = new Headers();
    const ask = async () =>
      await streamHandover(fixture.load)({ ...request, headers } as never, fixture.context());
    expect(await ask()).toMatchObject({ status: 401 });
    expect(read()).toBe(0);
    headers.set('authorization', `Bearer ${await relayProof(fixture, 'store-handover')}`);
    expect(await ask()).toMatchObject({ status: 413 });
    expect(read(), 'what the host lets through at most').toBeLessThan(105_000_000);
  });
});

/** A request whose body goes on as long as somebody reads. `read`: how many bytes were taken of it. */
function endlessBody() {
  let bytes = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        bytes += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      },
    },
    { highWaterMark: 0 },
  );
  return {
    read: () => bytes,
    request: { method: 'PUT', query: new URLSearchParams(), params: { callId: CONNECTED_ID }, body },
  };
}
