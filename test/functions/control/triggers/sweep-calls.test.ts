import { beforeEach, describe, expect, it } from 'vitest';
import { AcsCallError } from '../../../../functions/control/call/acs-port.ts';
import { step } from '../../../../functions/control/call/call.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import { NO_STREAMING } from '../../../../functions/control/call/streaming.ts';
import {
  COMPARE_AFTER_MS,
  CONFIRM_END_WITHIN_MS,
  SETUP_LIMIT_MS,
} from '../../../../functions/control/call/time.ts';
import { invocationLog } from '../../../../functions/control/http/invocation.ts';
import { sweepCalls } from '../../../../functions/control/use-cases/sweep-calls.ts';
import { aCall, aCallback, CALL_ID, CONNECTION_ID, T0 } from '../../../support/calls.ts';
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

  it('begins with no further call once its time is over, though ACS takes long for each', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(32, 'a'));
    const endUnconfirmed = true as const;
    for (const [index, callId] of ids.entries())
      await fixture.store.create(
        index < 100
          ? aCall({ callId, phase: 'ending', callConnectionId: CONNECTION_ID, hangUpRequestedAtMs: T0 })
          : aCall({ callId, phase: 'ended', callConnectionId: CONNECTION_ID, endedAtMs: T0, endUnconfirmed }),
      );
    fixture.nowMs = T0 + COMPARE_AFTER_MS;
    fixture.acs.properties = async () => {
      fixture.nowMs += 4_000;
      throw new AcsCallError('reading the properties of the call', { retryable: true });
    };
    const startedMs = fixture.nowMs;
    const { looked, failed } = await sweep();
    expect(
      fixture.nowMs - startedMs,
      'far below functionTimeout, which would end every invocation',
    ).toBeLessThan(300_000);
    expect(failed, 'of both kinds').toBe(looked);
    expect(fixture.logged.join('\n')).toContain('ran out of time');
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

  describe('a call that ended by an event', () => {
    const MINUTE_MS = 60_000;
    const ended = (fields: Partial<Call> = {}): Call =>
      aCall({
        phase: 'ended',
        callConnectionId: CONNECTION_ID,
        connectedAtMs: T0,
        endedAtMs: T0,
        endReason: 'disconnected',
        endUnconfirmed: true,
        ...fields,
      });
    const looks = (): number => fixture.acs.count('properties');

    it('comes back to life when ACS has it connected, and then lasts no longer than any other', async () => {
      await fixture.store.create(ended());
      fixture.nowMs = T0 + COMPARE_AFTER_MS - 1;
      expect(await sweep(), 'it may just have ended').toMatchObject({ looked: 0, compared: 0 });
      fixture.nowMs += 1;
      expect(await sweep()).toEqual({ looked: 1, compared: 1, changed: 1, failed: 0 });
      expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'connected' });
      expect((await fixture.store.listLive(10)).map(({ callId }) => callId)).toEqual([CALL_ID]);
      expect(await fixture.store.timeline(CALL_ID, 10)).toMatchObject([
        { type: 'Compared', details: { state: 'connected', streaming: 'active' } },
      ]);
      fixture.nowMs = aCall().expiresAtMs;
      await sweep();
      expect(fixture.acs.asked).toContainEqual({ operation: 'hangUp', about: CONNECTION_ID });
    });

    it('is hung up at ACS when its time is over, however often an event says that it has ended', async () => {
      await fixture.store.create(ended({ expiresAtMs: T0 + MINUTE_MS }));
      for (const times of [1, 2, 3]) {
        fixture.nowMs += MINUTE_MS;
        await sweep();
        expect(fixture.acs.count('hangUp')).toBe(times);
        const forged = aCallback('CallDisconnected');
        await fixture.store.update(CALL_ID, (call) => step(call, forged, fixture.nowMs));
        expect((await fixture.store.get(CALL_ID))?.phase).toBe('ended');
      }
    });

    it('is looked at once, and leaves nothing in its timeline, when ACS does not know it', async () => {
      fixture.acs.fail('properties', { status: 503, retryable: true });
      await fixture.store.create(ended());
      fixture.nowMs = T0 + MINUTE_MS;
      expect(await sweep(), 'ACS cannot be asked').toEqual({ looked: 1, compared: 0, changed: 0, failed: 1 });
      fixture.acs.known = undefined;
      expect(await sweep()).toEqual({ looked: 1, compared: 1, changed: 0, failed: 0 });
      expect(await sweep()).toEqual({ looked: 0, compared: 0, changed: 0, failed: 0 });
      expect(looks()).toBe(2);
      expect(await fixture.store.timeline(CALL_ID, 10)).toEqual([]);
      expect(await fixture.store.get(CALL_ID)).toMatchObject({ phase: 'ended', endReason: 'disconnected' });
    });

    it('is one of at most 500 that a sweep looks at; the next sweep goes on', async () => {
      const ids = Array.from({ length: 501 }, (_, index) => `${index}`.padStart(32, 'a'));
      for (const [index, callId] of ids.entries())
        await fixture.store.create(ended({ callId, endedAtMs: T0 + index }));
      fixture.acs.known = undefined;
      fixture.nowMs = T0 + MINUTE_MS;
      expect(await sweep()).toMatchObject({ looked: 500, compared: 500 });
      expect(await sweep()).toMatchObject({ looked: 1, compared: 1 });
    });

    it('is no longer looked at after a while', async () => {
      await fixture.store.create(ended());
      fixture.nowMs = T0 + CONFIRM_END_WITHIN_MS + 1;
      expect(await sweep()).toMatchObject({ looked: 0 });
    });
  });
});
