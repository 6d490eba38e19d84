import { beforeEach, describe, expect, it } from 'vitest';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { CONNECTED_ID, connectedCall } from '../../../support/connected-call.ts';
import type { Answer, ControlFixture, RequestOptions } from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';
import { until } from '../../../support/until.ts';

const IN_PROGRESS_MS = 60_000;

const PLAY = { source: { kind: 'text', text: 'Hello.' } };

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall();
});

function ask(id: OperationId, key: string, options: RequestOptions = {}): Promise<Answer> {
  const headers = { 'Idempotency-Key': key, ...options.headers };
  return fixture.ask(id, { ...options, headers, params: { callId: CONNECTED_ID, ...options.params } });
}

describe('a request with an Idempotency-Key', () => {
  it('is acted on once: whoever repeats it gets the first answer', async () => {
    const first = await ask('play', 'one', { body: PLAY });
    fixture.nowMs += 23 * 3_600_000;
    const second = await ask('play', 'one', { body: PLAY });
    expect(second.status).toBe(202);
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('content-type')).toBe('application/json');
    expect(fixture.acs.operations).toHaveLength(1);
  });

  it('is acted on once though many come at the same time; the others are told to come back', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask('play', 'at-once', { body: PLAY })),
    );
    expect(fixture.acs.operations).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1);
    for (const answer of answers.filter(({ status }) => status !== 202)) {
      expectProblem(answer, 'idempotency-in-progress');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await ask('play', 'at-once', { body: PLAY })).status).toBe(202);
    expect(fixture.acs.operations).toHaveLength(1);
  });

  it('places one call, and says again where it is', async () => {
    const body = { to: '+14255550177' };
    const first = await ask('placeCall', 'call', { body });
    const second = await ask('placeCall', 'call', { body });
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(fixture.acs.placed).toHaveLength(1);
  });

  it('is another request with another key, and after a day', async () => {
    await ask('play', 'one', { body: PLAY });
    await ask('play', 'two', { body: PLAY });
    fixture.nowMs += 24 * 3_600_000;
    await ask('play', 'one', { body: PLAY });
    expect(fixture.acs.operations).toHaveLength(3);
  });

  it('is refused where the key belongs to another body, path or method', async () => {
    await ask('play', 'mine', { body: PLAY });
    expectProblem(await ask('play', 'mine', { body: { ...PLAY, loop: true } }), 'idempotency-key-reused');
    expectProblem(
      await ask('recognize', 'mine', { body: { participant: '+14255550177', input: { kind: 'speech' } } }),
      'idempotency-key-reused',
    );
    expectProblem(await ask('cancelPlay', 'mine'), 'idempotency-key-reused');
    expect(fixture.acs.operations).toHaveLength(1);
  });

  it('is the same request however its address is spelled', async () => {
    const spelled = (invitation: string): Promise<Answer> =>
      ask('cancelAddParticipant', 'spelled', {
        path: `calls/${CONNECTED_ID}/invitations/${invitation}/cancel`,
        params: { invitationId: 'inv-1' },
      });
    const first = await spelled('inv-1');
    const second = await spelled('%69nv%2D1');
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.json).toEqual(first.json);
  });

  it('keeps a refusal like a success', async () => {
    const first = await ask('stopMediaStreaming', 'stop');
    expectProblem(first, 'streaming-already-off');
    await fixture.ask('startMediaStreaming', { params: { callId: CONNECTED_ID } });
    const again = await ask('stopMediaStreaming', 'stop');
    expectProblem(again, 'streaming-already-off');
    expect(again.json).toEqual(first.json);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('may be tried again where nothing was done and the answer says so', async () => {
    fixture.acs.fail('operate', { status: 503, retryable: true });
    expectProblem(await ask('play', 'busy', { body: PLAY }), 'acs-unavailable');
    expect((await ask('play', 'busy', { body: PLAY })).status).toBe(202);
    expect((await ask('play', 'busy', { body: PLAY })).headers.get('idempotency-replayed')).toBe('true');
  });

  it.each([
    ['placeCall', 'place', { to: '+14255550177' }],
    ['addParticipant', 'operate', { target: '+14255550177' }],
    ['transfer', 'operate', { target: '+14255550177' }],
  ] as const)('calls nobody twice by %s where ACS may have called him', async (id, method, body) => {
    fixture.acs.fail(method, { status: 503, code: 'X', retryable: true, mayBeDone: true });
    const first = await ask(id, 'rings', { body });
    expectProblem(first, 'acs-outcome-unknown');
    expect(first.json).toMatchObject({ acsStatus: 503, acsCode: 'X' });
    expect((await ask(id, 'rings', { body })).json, 'the same answer again').toEqual(first.json);
    expect(fixture.acs.count(method), 'requests to ACS').toBe(1);
  });

  it.each([
    ['asks it to wait', { status: 429, retryable: true }],
    ['is not to be reached', { retryable: true }],
  ] as const)('may call somebody again where ACS %s', async (_, failure) => {
    fixture.acs.fail('place', failure);
    const body = { to: '+14255550177' };
    expectProblem(await ask('placeCall', 'rings', { body }), 'acs-unavailable');
    expect((await ask('placeCall', 'rings', { body })).status).toBe(202);
  });

  it('keeps nothing of a request that is not right', async () => {
    expectProblem(await ask('play', 'wrong', { body: {} }), 'invalid-request');
    expect((await ask('play', 'wrong', { body: PLAY })).status).toBe(202);
  });

  it('is not made a second time when the first was broken off', async () => {
    const { keep } = fixture.idempotency;
    let isKeeping = false;
    fixture.idempotency.keep = () => {
      isKeeping = true;
      return new Promise(() => {});
    };
    void ask('play', 'broken', { body: PLAY });
    await until(() => isKeeping, 'the answer to be on its way to where it is kept');
    expect(fixture.acs.operations).toHaveLength(1);
    fixture.idempotency.keep = keep;
    expectProblem(await ask('play', 'broken', { body: PLAY }), 'idempotency-in-progress');
    fixture.nowMs += IN_PROGRESS_MS;
    expectProblem(await ask('play', 'broken', { body: PLAY }), 'idempotency-outcome-unknown');
    expect(fixture.acs.operations).toHaveLength(1);
  });

  it('is not acted on while keys cannot be stored', async () => {
    fixture.idempotency.outage = true;
    expectProblem(await ask('play', 'away', { body: PLAY }), 'store-unavailable');
    expect(fixture.acs.operations).toEqual([]);
  });

  it('has an answer though it cannot be kept', async () => {
    fixture.idempotency.keep = async () => {
      fixture.idempotency.outage = true;
      await fixture.idempotency.release('any');
    };
    expect((await ask('play', 'lost', { body: PLAY })).status).toBe(202);
    expect(fixture.logged.join('\n')).toContain('The answer under an Idempotency-Key could not be stored');
  });

  it.each(['', ' ', 'two words', 'x'.repeat(256), 'schlüssel'])('is refused with the key %j', async (key) => {
    const answer = await fixture.ask('play', {
      params: { callId: CONNECTED_ID },
      headers: { 'Idempotency-Key': key },
      body: PLAY,
    });
    expectProblem(answer, 'invalid-request');
    expect(answer.json).toMatchObject({ errors: [{ parameter: 'Idempotency-Key', in: 'header' }] });
  });
});
