import { beforeEach, describe, expect, it } from 'vitest';
import { restartMediaStreaming } from '../../../../functions/control/triggers/relay-requests.ts';
import { callTicket } from '../../../support/call-ticket.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';

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

async function streaming(): Promise<string | undefined> {
  return (await fixture.store.get(CONNECTED_ID))?.streaming.state;
}

describe('restarting the streaming of a call', () => {
  it('is done for whoever holds the ticket of the call: stop at once, start when ACS has stopped', async () => {
    expect(await restart(`Bearer ${await callTicket(fixture)}`)).toMatchObject({ status: 202, json: null });
    expect(await streaming()).toBe('stopping');
    await report(fixture, 'MediaStreamingStopped');
    expect(await streaming()).toBe('starting');
    await report(fixture, 'MediaStreamingStarted');
    expect(await streaming()).toBe('active');
    const asked = (await fixture.store.timeline(CONNECTED_ID, 100)).map(({ type }) => type);
    expect(asked).toEqual(expect.arrayContaining(['RestartRequested', 'StreamingStartSent']));
  });

  it('is refused without a ticket, and with one that is another call’s, expired or forged', async () => {
    const others = [
      undefined,
      'Bearer nonsense',
      `Basic ${await callTicket(fixture)}`,
      `Bearer ${await callTicket(fixture, { callId: 'fedcba9876543210' })}`,
      `Bearer ${await callTicket(fixture, { expiresAtMs: fixture.nowMs - 60_000 })}`,
      `Bearer ${await callTicket(fixture, {}, 'another key that is long enough to be one')}`,
    ];
    for (const authorization of others) {
      const answer = await restart(authorization);
      expect(answer.status, String(authorization?.slice(0, 20))).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(await streaming()).toBe('active');
  });

  it('is refused once the call has ended', async () => {
    await fixture.ask('hangUp', { params: { callId: CONNECTED_ID } });
    await report(fixture, 'CallDisconnected');
    expect(await restart(`Bearer ${await callTicket(fixture)}`)).toMatchObject({ status: 409 });
  });

  it('writes no ticket to the log', async () => {
    const secret = await callTicket(fixture);
    await restart(`Bearer ${secret}`);
    await restart(`Bearer ${secret}x`);
    expect(fixture.logged.join('\n')).not.toContain(secret.slice(0, 40));
  });
});
