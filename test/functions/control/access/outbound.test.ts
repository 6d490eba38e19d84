import { beforeEach, describe, expect, it } from 'vitest';
import type { AcsCallFailure } from '../../../../functions/control/call/acs-port.ts';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import type { Answer, ControlFixture } from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

const ALLOWED = '+14255550177';
const FOREIGN = '+882165550100';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 2 });
});

function ask(id: OperationId, body: object, callId = CONNECTED_ID): Promise<Answer> {
  return fixture.ask(id, { params: { callId }, body });
}

const place = (to: string, more: object = {}) => ask('placeCall', { to, callerId: '+18005550199', ...more });

describe('whom the HTTP API may call', () => {
  it('is nobody whom the settings do not name: nothing is stored, and Azure Communication Services is not asked', async () => {
    const before = (await fixture.store.list({ limit: 10 })).calls.length;
    expectProblem(await place(FOREIGN), 'destination-not-allowed');
    expectProblem(await place('8:acs:one_two'), 'destination-not-allowed');
    expectProblem(await ask('transfer', { target: FOREIGN }), 'destination-not-allowed');
    expectProblem(await ask('addParticipant', { target: FOREIGN }), 'destination-not-allowed');
    expectProblem(await ask('addParticipant', { target: '4:14255550177' }), 'destination-not-allowed');
    expect((await fixture.store.list({ limit: 10 })).calls).toHaveLength(before);
    expect(fixture.acs.operations).toEqual([]);
    expect(fixture.acs.placed).toEqual([]);
  });

  it.each(['8:acs:one_two', '8:orgid:0000-11', '28:orgid:0000-22', '28:gcch:0000-33', FOREIGN])(
    'is %s by all three ways or by none',
    async (target) => {
      for (const allowed of [[], [`${target.slice(0, 5)}*`]]) {
        const status = allowed.length > 0 ? 202 : 403;
        fixture = await connectedCall({ allowed, callsPerHour: 100 });
        const placed = await place(target);
        expectProblem(placed, status === 202 ? 'no-route' : 'destination-not-allowed');
        expect((await ask('addParticipant', { target })).status).toBe(status);
        expect((await ask('transfer', { target })).status).toBe(status);
      }
    },
  );

  it('is nobody by default', async () => {
    fixture = await connectedCall({ allowed: [], callsPerHour: 2 });
    expectProblem(await place(ALLOWED), 'destination-not-allowed');
  });
});

describe('how often the HTTP API may call', () => {
  it('counts placed calls and people who are handed over or added by telephone together', async () => {
    expect((await place(ALLOWED)).status).toBe(202);
    expect((await ask('addParticipant', { target: ALLOWED })).status).toBe(202);
    const refused = await place(ALLOWED);
    expectProblem(refused, 'outbound-budget-spent');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expectProblem(await ask('transfer', { target: ALLOWED }), 'outbound-budget-spent');
    expect(fixture.acs.placed).toHaveLength(1);
    expect(fixture.acs.operations).toHaveLength(1);
    fixture.nowMs += 61 * 60_000;
    expect((await place(ALLOWED)).status, 'an hour later').toBe(202);
  });

  it('does not count what is refused for another reason', async () => {
    expectProblem(await place(FOREIGN), 'destination-not-allowed');
    expectProblem(await place(ALLOWED, { route: 'no-such-route' }), 'no-route');
    expectProblem(await ask('transfer', { target: ALLOWED }, 'a'.repeat(32)), 'call-not-found');
    await report(fixture, 'CallDisconnected');
    expectProblem(await ask('transfer', { target: ALLOWED }), 'call-ended');
    expectProblem(await ask('addParticipant', { target: ALLOWED }), 'call-ended');
    expect([(await place(ALLOWED)).status, (await place(ALLOWED)).status]).toEqual([202, 202]);
  });

  it('counts one of many transfers of a call at once, since the others are refused', async () => {
    const transfers = await Promise.all([...Array(5)].map(() => ask('transfer', { target: ALLOWED })));
    expect(transfers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    expectProblem(await ask('transfer', { target: ALLOWED }), 'transfer-under-way');
    expect((await place(ALLOWED)).status, 'the second of two').toBe(202);
    expectProblem(await place(ALLOWED), 'outbound-budget-spent');
  });

  it('counts users of apps like telephones', async () => {
    fixture = await connectedCall({ allowed: ['+1425*', '8:acs:*'], callsPerHour: 2 });
    expect((await place(ALLOWED)).status).toBe(202);
    expect((await ask('addParticipant', { target: '8:acs:one_two' })).status).toBe(202);
    expectProblem(await place(ALLOWED), 'outbound-budget-spent');
  });

  it('leaves nothing pending on a call where the budget was spent', async () => {
    fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 0 });
    expectProblem(await ask('transfer', { target: ALLOWED }), 'outbound-budget-spent');
    expectProblem(await ask('transfer', { target: ALLOWED }), 'outbound-budget-spent');
    const { operations = [] } = (await fixture.store.get(CONNECTED_ID)) ?? {};
    expect(operations.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'not admitted'],
      ['failed', 'not admitted'],
    ]);
    expect(fixture.acs.operations).toEqual([]);
  });

  it('counts a request that is repeated with its Idempotency-Key once, and serves it later if the budget was spent', async () => {
    const headers = { 'idempotency-key': 'one' };
    const body = { to: ALLOWED, callerId: '+18005550199' };
    for (let time = 0; time < 3; time += 1)
      expect((await fixture.ask('placeCall', { headers, body })).status).toBe(202);
    expect(fixture.acs.placed).toHaveLength(1);
    await place(ALLOWED);
    const later = { headers: { 'idempotency-key': 'two' }, body };
    expectProblem(await fixture.ask('placeCall', later), 'outbound-budget-spent');
    fixture.nowMs += 61 * 60_000;
    expect((await fixture.ask('placeCall', later)).status).toBe(202);
  });
});

describe('what was certainly not done', () => {
  const REFUSED = { status: 400, code: '8523', retryable: false };

  it.each<[string, AcsCallFailure, boolean]>([
    ['Azure Communication Services has refused it', REFUSED, true],
    ['Azure Communication Services wants it later', { status: 429, retryable: true }, true],
    ['no connection came about', { retryable: true }, true],
    ['it cannot be asked for', { retryable: false, notAsked: 'a raw id is of no form that is known' }, true],
    ['an earlier attempt had no answer', { status: 400, retryable: false, mayBeDone: true }, false],
    ['there was no answer', { retryable: true, mayBeDone: true }, false],
    ['the answer does not say', { status: 503, retryable: true, mayBeDone: true }, false],
    ['the answer is of the other side’s making', { status: 501, retryable: false }, false],
  ])('costs nothing where %s: %j, given back is %s', async (_, failure, isGivenBack) => {
    fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 2 });
    fixture.acs.fail('operate', failure);
    expect((await ask('addParticipant', { target: ALLOWED })).status).toBeGreaterThanOrEqual(400);
    const again = await ask('addParticipant', { target: ALLOWED });
    if (isGivenBack) expect(again.status, 'the share of the call is one').toBe(202);
    else expectProblem(again, 'outbound-budget-spent');
    fixture.acs.fail('place', failure);
    expect((await place(ALLOWED)).status).toBeGreaterThanOrEqual(400);
    const placed = await place(ALLOWED);
    if (isGivenBack) expect(placed.status, 'the second of two').toBe(202);
    else expectProblem(placed, 'outbound-budget-spent');
    expectProblem(await place(ALLOWED), 'outbound-budget-spent');
  });

  it('is given back once, where its Idempotency-Key brings the refusal again', async () => {
    fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 2 });
    fixture.acs.fail('place', REFUSED);
    const body = { to: ALLOWED, callerId: '+18005550199' };
    for (let time = 0; time < 3; time += 1) {
      const answer = await fixture.ask('placeCall', { headers: { 'idempotency-key': 'one' }, body });
      expectProblem(answer, 'acs-refused');
    }
    const statuses = [await place(ALLOWED), await place(ALLOWED), await place(ALLOWED)].map(
      (each) => each.status,
    );
    expect(statuses).toEqual([202, 202, 429]);
  });

  it('leaves the budget to others, however often a worker asks for what is refused', async () => {
    fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 20 });
    for (let time = 0; time < 50; time += 1) {
      fixture.acs.fail('operate', REFUSED);
      expectProblem(await ask('addParticipant', { target: ALLOWED }), 'acs-refused');
    }
    for (let time = 0; time < 20; time += 1) expect((await place(ALLOWED)).status).toBe(202);
    expectProblem(await place(ALLOWED), 'outbound-budget-spent');
  });
});

describe('what one call may spend', () => {
  it('is a tenth of the budget in an hour, however many ask at once', async () => {
    fixture = await connectedCall({ allowed: ['+1425*'], callsPerHour: 25 });
    const added = await Promise.all(
      Array.from({ length: 12 }, () => ask('addParticipant', { target: ALLOWED })),
    );
    expect(added.filter(({ status }) => status === 202)).toHaveLength(3);
    const refused = added.find(({ status }) => status === 429);
    expectProblem(refused as Answer, 'outbound-budget-spent');
    expect(refused?.json).toMatchObject({
      detail: expect.stringContaining('a tenth of OUTBOUND_CALLS_PER_HOUR'),
    });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect((await place(ALLOWED)).status, 'others').toBe(202);
    expect(fixture.acs.operations).toHaveLength(3);
    fixture.nowMs += 61 * 60_000;
    expect((await ask('transfer', { target: ALLOWED })).status, 'an hour later').toBe(202);
  });
});
