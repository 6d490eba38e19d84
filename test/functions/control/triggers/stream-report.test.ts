import { beforeEach, expect, it } from 'vitest';
import type { Call } from '../../../../functions/control/call/model.ts';
import { streamReport } from '../../../../functions/control/triggers/relay-requests.ts';
import { callTicket, relayProof } from '../../../support/call-ticket.ts';
import { CONNECTED_ID, report, ring } from '../../../support/connected-call.ts';
import { type Answer, ControlFixture } from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = new ControlFixture();
  await ring(fixture);
  for (const type of ['CallConnected', 'MediaStreamingStarted']) await report(fixture, type);
});

async function tell(what: 'ended' | 'lost', callId = CONNECTED_ID): Promise<Answer> {
  const authorization = `Bearer ${await relayProof(fixture, what, callId)}`;
  return await fixture.call(streamReport(fixture.load, what), {
    params: { callId },
    headers: { authorization },
  });
}

async function streaming(): Promise<Call['streaming'] | undefined> {
  return (await fixture.store.get(CONNECTED_ID))?.streaming;
}

const types = async (): Promise<string[]> =>
  (await fixture.store.timeline(CONNECTED_ID, 100)).map(({ type }) => type);

it('has ACS asked at once when a stream is over that the row says is active, and started again where it is off', async () => {
  fixture.acs.known = { state: 'connected', streaming: 'inactive' };
  expect(await tell('ended')).toMatchObject({ status: 202, json: null });
  expect(fixture.acs.count('properties')).toBe(1);
  expect(await streaming(), 'after the first pause').toMatchObject({ state: 'starting', retries: 1 });
  expect(await types()).toContain('Compared');
});

it('changes nothing when ACS streams the call, such as to another relay', async () => {
  const before = await types();
  expect(await tell('ended')).toMatchObject({ status: 202 });
  expect(await streaming()).toMatchObject({ state: 'active' });
  expect(await types()).toEqual(before);
});

it('does not ask ACS about a stream whose end ACS has reported', async () => {
  await report(fixture, 'MediaStreamingStopped');
  expect(await tell('ended')).toMatchObject({ status: 202 });
  expect(fixture.acs.count('properties')).toBe(0);
  expect(await streaming()).toMatchObject({ state: 'inactive' });
});

it('ends a call that ACS does not know any more', async () => {
  fixture.acs.known = undefined;
  await tell('ended');
  expect(await fixture.store.get(CONNECTED_ID)).toMatchObject({ phase: 'ended', endReason: 'gone' });
});

it('leaves it to the sweep when ACS cannot be asked', async () => {
  fixture.acs.fail('properties', { status: 503, retryable: true });
  expect(await tell('ended')).toMatchObject({ status: 202 });
  expect(await streaming()).toMatchObject({ state: 'active' });
});

it('has failed, and ACS is asked to stop, when the relay gives the stream up', async () => {
  expect(await tell('lost')).toMatchObject({ status: 202, json: null });
  expect(await streaming()).toMatchObject({ state: 'failed', reason: expect.stringContaining('no audio') });
  expect(fixture.acs.count('stopMediaStreaming')).toBe(1);
  expect(await types()).toEqual(expect.arrayContaining(['StreamLost', 'StreamingStopSent']));
  expect(await tell('lost'), 'told twice').toMatchObject({ status: 202 });
  expect(fixture.acs.count('stopMediaStreaming')).toBe(1);
});

it('leaves a call alone that has ended, and knows no other', async () => {
  await report(fixture, 'CallDisconnected');
  expect(await tell('lost')).toMatchObject({ status: 202 });
  expect(fixture.acs.asked.map(({ operation }) => operation)).toEqual(['answer']);
  expect(await tell('ended', 'fedcba9876543210')).toMatchObject({ status: 404 });
});

it('is told by relays alone', async () => {
  for (const authorization of [
    'Bearer nonsense',
    `Bearer ${await relayProof(fixture, 'lost', 'fedcba9876543210')}`,
    `Bearer ${await relayProof(fixture, 'ended')}`,
    `Bearer ${await callTicket(fixture)}`,
  ]) {
    const request = { params: { callId: CONNECTED_ID }, headers: { authorization } };
    expect(await fixture.call(streamReport(fixture.load, 'lost'), request)).toMatchObject({ status: 401 });
  }
  expect(await streaming()).toMatchObject({ state: 'active' });
});

it('is told at a rate, for each call and report apart, and a stranger takes nothing of it', async () => {
  fixture.acs.known = { state: 'connected', streaming: 'active' };
  const ended = streamReport(fixture.load, 'ended');
  const ask = async (proof: string, handler = ended): Promise<Answer> =>
    await fixture.call(handler, {
      params: { callId: CONNECTED_ID },
      headers: { authorization: `Bearer ${proof}` },
    });
  for (let n = 0; n < 30; n += 1) expect((await ask('nonsense')).status).toBe(401);
  const proof = await relayProof(fixture, 'ended');
  const answers: Answer[] = [];
  for (let n = 0; n < 30; n += 1) answers.push(await ask(proof));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
  expect(fixture.acs.count('properties'), 'what ACS is asked').toBe(10);
  expectProblem(answers[10] as Answer, 'too-many-requests');
  expect(answers[10]?.headers.get('retry-after')).toBe('3');
  const lost = await ask(await relayProof(fixture, 'lost'), streamReport(fixture.load, 'lost'));
  expect(lost.status, 'another door').toBe(202);
  fixture.nowMs += 3_000;
  expect((await ask(await relayProof(fixture, 'ended'))).status).toBe(202);
});
