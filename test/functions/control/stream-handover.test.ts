import { beforeEach, describe, expect, it } from 'vitest';
import { streamHandover } from '../../../functions/control/stream-handover.ts';
import { callIdOf } from '../../../functions/control/use-cases/receive-incoming-call.ts';
import { MAX_HANDOVER_CHARS, sealHandover } from '../../../shared/protocol/stream-handover.ts';
import { signTicket } from '../../../shared/protocol/ticket.ts';
import { PLAN } from '../../support/calls.ts';
import { CALLED, CALLER, CONTEXT, ControlBench, TICKET_KEY } from '../../support/control-bench.ts';

const CALL_ID = callIdOf(CONTEXT);
const HANDOVER = { streams: 1, workers: [], lanes: {} };

let bench: ControlBench;
beforeEach(() => {
  bench = new ControlBench();
});

function ticket(callId = CALL_ID, key = TICKET_KEY): Promise<string> {
  const expiresAtMs = bench.nowMs + 60_000;
  return signTicket({ callId, from: CALLER, to: CALLED, plan: PLAN, expiresAtMs }, key, bench.nowMs);
}

async function ask(method: 'GET' | 'PUT', proof: string | undefined, text?: string) {
  const response = await bench.respond(streamHandover(bench.load), {
    method,
    params: { callId: CALL_ID },
    headers: proof === undefined ? {} : { authorization: `Bearer ${proof}` },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: response.status ?? 200, body: response.body };
}

describe('what one stream of a call leaves for the next', () => {
  it('is kept for whoever holds the ticket of the call, the last of it', async () => {
    expect(await ask('GET', await ticket())).toMatchObject({ status: 204 });
    const sealed = await sealHandover(HANDOVER, CALL_ID, TICKET_KEY);
    expect(await ask('PUT', await ticket(), 'a.b.c.d.e')).toMatchObject({ status: 204 });
    expect(await ask('PUT', await ticket(), sealed)).toMatchObject({ status: 204 });
    expect(await ask('GET', await ticket())).toEqual({ status: 200, body: sealed });
  });

  it('is kept from everybody else', async () => {
    bench.handovers.set(CALL_ID, 'a.b.c.d.e');
    for (const proof of [
      undefined,
      'no ticket',
      await ticket('fedcba9876543210'),
      await ticket(CALL_ID, 'a key of somebody else, as long as ours is'),
    ]) {
      for (const method of ['GET', 'PUT'] as const)
        expect(await ask(method, proof, method === 'PUT' ? 'x.x.x.x.x' : undefined)).toMatchObject({
          status: 401,
        });
    }
    expect(bench.handovers.get(CALL_ID)).toBe('a.b.c.d.e');
  });

  it('is refused when it is too long, or not sealed', async () => {
    const long = `a.b.c.d.${'e'.repeat(MAX_HANDOVER_CHARS)}`;
    expect(await ask('PUT', await ticket(), long)).toMatchObject({ status: 413 });
    expect(await ask('PUT', await ticket(), '{"streams":1}')).toMatchObject({ status: 400 });
    expect(bench.handovers.size).toBe(0);
  });
});
