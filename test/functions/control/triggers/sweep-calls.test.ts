import { beforeEach, describe, expect, it } from 'vitest';
import { NO_STREAMING } from '../../../../functions/control/call/streaming.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import { invocationLog } from '../../../../functions/control/http/invocation.ts';
import { sweepCalls } from '../../../../functions/control/use-cases/sweep-calls.ts';
import { aCall, CALL_ID, CONNECTION_ID, T0 } from '../../../support/calls.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';

const OTHER_ID = 'b'.repeat(32);

let fixture: ControlFixture;

beforeEach(() => {
  fixture = new ControlFixture();
});

function sweep(): ReturnType<typeof sweepCalls> {
  return sweepCalls(fixture.deps, invocationLog(fixture.context()));
}

describe('sweeping', () => {
  it('leaves calls alone that are as they should be', async () => {
    await fixture.store.create(aCall({ phase: 'connected', callConnectionId: CONNECTION_ID }));
    expect(await sweep()).toEqual({ looked: 1, compared: 0, changed: 0, failed: 0 });
    expect(await fixture.store.timeline(CALL_ID, 10)).toEqual([]);
  });

  it('ends what never connected, and hangs up what lasted too long', async () => {
    await fixture.store.create(aCall({ phase: 'answering' }));
    await fixture.store.create(
      aCall({
        callId: OTHER_ID,
        phase: 'connected',
        callConnectionId: CONNECTION_ID,
        expiresAtMs: T0 + SETUP_LIMIT_MS,
      }),
    );
    fixture.nowMs = T0 + SETUP_LIMIT_MS;
    expect(await sweep()).toEqual({ looked: 2, compared: 1, changed: 2, failed: 0 });
    expect((await fixture.store.get(CALL_ID))?.endReason).toBe('not connected in time');
    expect(fixture.acs.asked).toEqual([
      { operation: 'hangUp', about: CONNECTION_ID },
      { operation: 'properties', about: CONNECTION_ID },
    ]);
  });

  it('ends a call that ACS no longer knows', async () => {
    await fixture.store.create(
      aCall({ phase: 'connected', callConnectionId: CONNECTION_ID, expiresAtMs: T0 }),
    );
    fixture.acs.fail('hangUp', { status: 404, code: '8522', retryable: false });
    await sweep();
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'gone' });
  });

  it('goes on with the other calls when one cannot be dealt with', async () => {
    await fixture.store.create(aCall({ phase: 'answering', receivedAtMs: T0 + 1 }));
    await fixture.store.create(aCall({ callId: OTHER_ID, phase: 'answering' }));
    fixture.nowMs = T0 + SETUP_LIMIT_MS + 1;
    const update = fixture.store.update.bind(fixture.store);
    fixture.store.update = (callId, change) =>
      callId === CALL_ID ? Promise.reject(new SyntaxError('"…0123" is not JSON')) : update(callId, change);
    expect(await sweep()).toEqual({ looked: 2, compared: 0, changed: 1, failed: 1 });
    expect((await fixture.store.get(OTHER_ID))?.phase).toBe('ended');
    expect(fixture.logged.join('\n')).toContain('why="SyntaxError: at ');
    expect(fixture.logged.join('\n'), 'a row may be quoted in the message').not.toContain('0123');
  });

  it('looks at every call, however many there are', async () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `${index}`.padStart(32, 'a'));
    for (const callId of ids) await fixture.store.create(aCall({ callId, phase: 'answering' }));
    fixture.nowMs = T0 + SETUP_LIMIT_MS;
    expect(await sweep()).toEqual({ looked: 1_200, compared: 0, changed: 1_200, failed: 0 });
    expect(await fixture.store.listLive(1)).toEqual([]);
  });

  it('tells in the timeline what it found', async () => {
    const streaming = { ...NO_STREAMING, state: 'starting', sinceMs: T0 } as const;
    await fixture.store.create(aCall({ phase: 'connected', callConnectionId: CONNECTION_ID, streaming }));
    fixture.nowMs = T0 + 60_000;
    expect(await sweep()).toEqual({ looked: 1, compared: 1, changed: 1, failed: 0 });
    expect(await fixture.store.get(CALL_ID)).toMatchObject({ streaming: { state: 'active' } });
    expect(await fixture.store.timeline(CALL_ID, 10)).toMatchObject([
      { type: 'Compared', details: { state: 'connected', streaming: 'active' } },
    ]);
  });

  it('leaves a call as it is about which ACS cannot be asked now', async () => {
    const streaming = { ...NO_STREAMING, state: 'starting', sinceMs: T0 } as const;
    await fixture.store.create(aCall({ phase: 'connected', callConnectionId: CONNECTION_ID, streaming }));
    fixture.nowMs = T0 + 60_000;
    fixture.acs.fail('properties', { status: 503, retryable: true });
    expect(await sweep()).toEqual({ looked: 1, compared: 0, changed: 0, failed: 1 });
    expect((await fixture.store.get(CALL_ID))?.phase).toBe('connected');
  });
});
