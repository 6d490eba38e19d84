import { beforeEach, describe, expect, it } from 'vitest';
import { restartMediaStreaming } from '../../../../functions/control/triggers/relay-requests.ts';
import { callTicket, relayProof } from '../../../support/call-ticket.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';

const MAX_RESTARTS = 3;

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = new ControlFixture();
  await ring(fixture);
  for (const type of ['CallConnected', 'MediaStreamingStarted']) await report(fixture, type);
});

function restart(authorization?: string): Promise<Answer> {
  return fixture.call(restartMediaStreaming(fixture.load), {
    params: { callId: CONNECTED_ID },
    headers: authorization === undefined ? {} : { authorization },
  });
}

async function proof(): Promise<string> {
  return `Bearer ${await relayProof(fixture, 'restart')}`;
}

async function streaming(): Promise<string | undefined> {
  return (await fixture.store.get(CONNECTED_ID))?.streaming.state;
}

describe('restarting the streaming of a call', () => {
  it('is done for a relay that proves to stream the call: stop at once, start when ACS has stopped', async () => {
    expect(await restart(await proof())).toMatchObject({ status: 202, json: null });
    expect(await streaming()).toBe('stopping');
    await report(fixture, 'MediaStreamingStopped');
    expect(await streaming()).toBe('starting');
    await report(fixture, 'MediaStreamingStarted');
    expect(await streaming()).toBe('active');
    const asked = (await fixture.store.timeline(CONNECTED_ID, 100)).map(({ type }) => type);
    expect(asked).toEqual(expect.arrayContaining(['RestartRequested', 'StreamingStartSent']));
  });

  it('is refused without a proof, with the ticket, and with a proof that is another call’s, expired or forged', async () => {
    const others = [
      undefined,
      'Bearer nonsense',
      `Bearer ${await callTicket(fixture)}`,
      `Basic ${await relayProof(fixture, 'restart')}`,
      `Bearer ${await relayProof(fixture, 'restart', 'fedcba9876543210')}`,
      `Bearer ${await relayProof({ nowMs: fixture.nowMs - 91_000 }, 'restart')}`,
      `Bearer ${await relayProof({ nowMs: fixture.nowMs + 31_000 }, 'restart')}`,
      `Bearer ${await relayProof(fixture, 'restart', CONNECTED_ID, 'another key that is long enough to be one')}`,
    ];
    for (const authorization of others) {
      const answer = await restart(authorization);
      expect(answer.status, String(authorization?.slice(0, 20))).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(await streaming()).toBe('active');
  });

  it('is refused with 429 so soon after the last time, and after three times in a minute', async () => {
    const again = async (): Promise<void> => {
      for (const type of ['MediaStreamingStopped', 'MediaStreamingStarted']) await report(fixture, type);
    };
    const statuses: unknown[] = [];
    for (let n = 0; n < 40; n += 1) {
      const { status, headers } = await restart(await proof());
      statuses.push(status === 429 ? Number(headers.get('retry-after')) : status);
      await again();
      fixture.nowMs += 298;
    }
    // Every 300 ms: accepted each time that 2 s have passed, and then again a minute after the first.
    expect(statuses.filter((status) => status === 202)).toHaveLength(MAX_RESTARTS);
    expect(statuses.slice(0, 7)).toEqual([202, 2, 2, 2, 1, 1, 1]);
    expect(statuses.at(-1)).toBe(49);
    const asked = (await fixture.store.timeline(CONNECTED_ID, 1_000)).filter(
      ({ type }) => type === 'RestartRequested',
    );
    expect(asked, 'a refusal costs no entry').toHaveLength(MAX_RESTARTS);
    fixture.nowMs += 49_000;
    expect((await restart(await proof())).status).toBe(202);
  });

  it('is refused once the call has ended', async () => {
    await fixture.ask('hangUp', { params: { callId: CONNECTED_ID } });
    await report(fixture, 'CallDisconnected');
    expect(await restart(await proof())).toMatchObject({ status: 409 });
  });

  it('writes no proof to the log', async () => {
    const secret = await relayProof(fixture, 'restart');
    await restart(`Bearer ${secret}`);
    await restart(`Bearer ${secret}x`);
    expect(fixture.logged.join('\n')).not.toContain(secret.slice(0, 40));
  });
});
