import { beforeEach, describe, expect, it } from 'vitest';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { CONNECTED_ID, connectedCall } from '../../../support/connected-call.ts';
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

  it('includes, on a call, everybody who is not reached by telephone', async () => {
    expect((await ask('transfer', { target: '8:acs:one_two' })).status).toBe(202);
  });

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
    expect([(await place(ALLOWED)).status, (await place(ALLOWED)).status]).toEqual([202, 202]);
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
