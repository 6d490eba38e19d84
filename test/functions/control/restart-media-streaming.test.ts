import { beforeEach, describe, expect, it } from 'vitest';
import { callEvents } from '../../../functions/control/call-events.ts';
import { incomingCall } from '../../../functions/control/incoming-call.ts';
import { restartMediaStreaming } from '../../../functions/control/restart-media-streaming.ts';
import { callIdOf } from '../../../functions/control/use-cases/receive-incoming-call.ts';
import { signTicket } from '../../../shared/protocol/ticket.ts';
import { PLAN } from '../../support/calls.ts';
import {
  type Answer,
  CALLED,
  CALLER,
  CONTEXT,
  ControlBench,
  TICKET_KEY,
} from '../../support/control-bench.ts';

const CALL_ID = callIdOf(CONTEXT);

let bench: ControlBench;
let events = 0;

beforeEach(async () => {
  bench = new ControlBench();
  await incomingCall(bench.load)(bench.incomingEvent(), bench.context());
  for (const type of ['CallConnected', 'MediaStreamingStarted']) await report(type);
});

async function report(type: string): Promise<void> {
  events += 1;
  bench.nowMs += 1;
  await bench.call(callEvents(bench.load), {
    params: { callId: CALL_ID },
    headers: { authorization: 'Bearer good' },
    body: [bench.callbackEvent(type, `event-${events}`)],
  });
}

function ticket(change: { callId?: string; expiresAtMs?: number } = {}, key = TICKET_KEY): Promise<string> {
  const expiresAtMs = bench.nowMs + 60_000;
  return signTicket(
    { callId: CALL_ID, from: CALLER, to: CALLED, plan: PLAN, expiresAtMs, ...change },
    key,
    bench.nowMs,
  );
}

function restart(authorization?: string): Promise<Answer> {
  return bench.call(restartMediaStreaming(bench.load), {
    params: { callId: CALL_ID },
    headers: authorization === undefined ? {} : { authorization },
  });
}

async function streaming(): Promise<string | undefined> {
  return (await bench.store.get(CALL_ID))?.streaming.state;
}

describe('restarting the streaming of a call', () => {
  it('is done for whoever holds the ticket of the call: stop at once, start when ACS has stopped', async () => {
    expect(await restart(`Bearer ${await ticket()}`)).toMatchObject({ status: 202, json: null });
    expect(await streaming()).toBe('stopping');
    await report('MediaStreamingStopped');
    expect(await streaming()).toBe('starting');
    await report('MediaStreamingStarted');
    expect(await streaming()).toBe('active');
    const asked = (await bench.store.timeline(CALL_ID, 100)).map(({ type }) => type);
    expect(asked).toEqual(expect.arrayContaining(['RestartRequested', 'StreamingStartSent']));
  });

  it('is refused without a ticket, and with one that is another call’s, expired or forged', async () => {
    const others = [
      undefined,
      'Bearer nonsense',
      `Basic ${await ticket()}`,
      `Bearer ${await ticket({ callId: 'fedcba9876543210' })}`,
      `Bearer ${await ticket({ expiresAtMs: bench.nowMs - 60_000 })}`,
      `Bearer ${await ticket({}, 'another key that is long enough to be one')}`,
    ];
    for (const authorization of others) {
      const answer = await restart(authorization);
      expect(answer.status, String(authorization?.slice(0, 20))).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(await streaming()).toBe('active');
  });

  it('is refused once the call has ended', async () => {
    await bench.ask('hangUp', { params: { callId: CALL_ID } });
    await report('CallDisconnected');
    expect(await restart(`Bearer ${await ticket()}`)).toMatchObject({ status: 409 });
  });

  it('writes no ticket to the log', async () => {
    const secret = await ticket();
    await restart(`Bearer ${secret}`);
    await restart(`Bearer ${secret}x`);
    expect(bench.logged.join('\n')).not.toContain(secret.slice(0, 40));
  });
});
