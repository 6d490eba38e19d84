import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallReport } from '../../local/acs/control/call-report.ts';
import type { FaultPlan } from '../../local/acs/faults/fault-plan.ts';
import type { ProductCall } from '../../local/client/control-api.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { until as untilSoon } from '../support/until.ts';

const CALLS = 200;
const LIMIT_MS = 90_000;
/** Calls that are under way at the same time, and how often each is looked at: the test is not to be the load. */
const AT_ONCE = 40;
const LOOK_EVERY_MS = 200;

function until<T>(condition: () => Promise<T | undefined | false>, what: string): Promise<T> {
  return untilSoon(condition, what, LIMIT_MS, LOOK_EVERY_MS);
}

/** Three requests in ten fail, half of them after they have done their work; three deliveries in ten come twice; callbacks are shuffled. */
const FAULTS: FaultPlan = {
  rules: [
    { on: 'rest', fault: 'error', status: 503, when: 'before', probability: 0.15 },
    { on: 'rest', fault: 'error', status: 503, when: 'after', probability: 0.15 },
    { on: 'callback', fault: 'duplicate', probability: 0.3 },
    { on: 'callback', fault: 'reorder', probability: 0.3, withinMs: 300 },
    { on: 'eventGrid', fault: 'duplicate', probability: 0.3 },
  ],
};

let test: TestSystem;
beforeAll(async () => {
  test = await startTestSystem();
  const response = await fetch(`${test.system.urls.acs}/control/faults`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${test.system.keys.acsControl}`, 'content-type': 'application/json' },
    body: JSON.stringify(FAULTS),
  });
  expect(response.status, `the faults are taken: ${await response.text()}`).toBeLessThan(300);
});
afterAll(() => test?.stop());

interface Ended {
  readonly telephone: CallReport;
  readonly product: ProductCall;
}

/** One call that is answered and then ended: by the API when its number is even, else by the caller. */
async function callAndEnd(index: number, to: string): Promise<Ended> {
  const { telephone, control } = test;
  const id = await telephone.place({ from: `+1425555${String(1_000 + index)}`, to });
  const answered = await telephone.waitFor(id, 'the answer', (call) => call.state !== 'ringing', LIMIT_MS);
  const { callId } = await until(
    () => control.findLive(answered.callConnectionId ?? ''),
    `call ${index} in the list (${answered.state}, ${answered.outcome})`,
  );
  await until(async () => (await control.call(callId))?.state === 'connected', `call ${index} connected`);
  if (index % 2 === 0) {
    // What ACS could not do is told to whoever asked, who asks again; a call that is gone by then is what was wanted.
    await until(
      async () => [202, 409].includes((await control.request('POST', `/calls/${callId}/hang-up`)).status),
      `the hang-up of call ${index} accepted`,
    );
  } else {
    await telephone.hangUp(id);
  }
  const product = await until(async () => {
    const call = await control.call(callId);
    const isTold = call?.timeline?.some(({ type }) => type === 'CallDisconnected');
    return call?.state === 'ended' && isTold ? call : undefined;
  }, `call ${index} ended`);
  return { telephone: await telephone.call(id), product };
}

it('ends 200 calls as they should, none answered twice, while requests fail and deliveries come twice and in any order', {
  timeout: 2 * LIMIT_MS,
}, async () => {
  const to = test.system.directory.find((entry) => !entry.startStreaming)?.number ?? '';
  const ended: Ended[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < CALLS) ended.push(await callAndEnd(next++, to));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  expect(ended.map(({ telephone }) => telephone.state)).toEqual(Array(CALLS).fill('disconnected'));
  expect(
    ended.filter(({ telephone }) => telephone.answers.accepted !== 1 || telephone.answers.refused > 0),
    'calls that were not answered exactly once',
  ).toEqual([]);
  expect(
    ended.filter(({ telephone }) => telephone.answers.replayed > 0).length,
    'answers that were repeated',
  ).toBeGreaterThan(10);
  for (const { product } of ended) {
    const told = (product.timeline ?? []).filter(({ source }) => source === 'acs' || source === 'event-grid');
    const types = told.map(({ type }) => type);
    expect(types, 'each event once').toEqual([...new Set(types)]);
    expect(types).toEqual(
      expect.arrayContaining(['IncomingCall', 'CallConnected', 'ParticipantsUpdated', 'CallDisconnected']),
    );
  }
  const live = (await (await test.control.request('GET', '/calls')).json()) as { calls: unknown[] };
  expect(live.calls, 'calls that are still listed').toEqual([]);
});
