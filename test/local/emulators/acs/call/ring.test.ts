import { describe, expect, it } from 'vitest';
import { type RingInput, type RingState, stepRing } from '../../../../../local/emulators/acs/call/ring.ts';

describe('a ringing call', () => {
  it.each<[RingInput, RingState]>([
    ['answer', 'answered'],
    ['reject', 'rejected'],
    ['redirect', 'redirected'],
    ['ringTimeOver', 'notAnswered'],
    ['callerHangsUp', 'abandoned'],
  ])('on %s is %s', (input, state) => {
    expect(stepRing('ringing', input)).toEqual({ state });
  });

  it.each<RingState>(['answered', 'rejected'])(
    'refuses a second use of its context with 400 8523 once %s',
    (state) => {
      for (const input of ['answer', 'reject', 'redirect'] as const) {
        expect(stepRing(state, input)).toMatchObject({ state, refusal: { status: 400, code: '8523' } });
      }
    },
  );

  it.each<RingState>(['notAnswered', 'abandoned'])('is not found (404 8522) once %s', (state) => {
    for (const input of ['answer', 'reject', 'redirect'] as const) {
      expect(stepRing(state, input)).toMatchObject({ state, refusal: { status: 404, code: '8522' } });
    }
  });

  it('takes an answer or a rejection of what was redirected, and changes nothing', () => {
    expect(stepRing('redirected', 'answer')).toEqual({ state: 'redirected' });
    expect(stepRing('redirected', 'reject')).toEqual({ state: 'redirected' });
    expect(stepRing('redirected', 'redirect')).toMatchObject({ refusal: { status: 400, code: '8523' } });
  });

  it.each<RingState>(['answered', 'rejected', 'redirected', 'notAnswered', 'abandoned'])(
    'stays %s when its time is over',
    (state) => {
      expect(stepRing(state, 'ringTimeOver')).toEqual({ state });
      expect(stepRing(state, 'callerHangsUp')).toEqual({ state });
    },
  );
});
