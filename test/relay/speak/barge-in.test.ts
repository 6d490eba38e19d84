import { describe, expect, it } from 'vitest';
import { BargeIn, BargeInSpeech } from '../../../relay/speak/barge-in.ts';

const END_LATENCY_MS = 700;

describe('BargeIn', () => {
  it('interrupts at the first speech under the policy stop, while something is said', () => {
    const bargeIn = new BargeIn({ policy: 'stop' }, END_LATENCY_MS);
    expect(bargeIn.speechStarted(false, 0)).toBe('none');
    expect(bargeIn.speechStarted(true, 0)).toBe('interrupt');
    expect(bargeIn.speechEnded(1_000)).toBe('none');
    expect(bargeIn.keyPressed(true)).toBe('none');
    expect(bargeIn.deadlineMs).toBeUndefined();
  });

  it('is interrupted by keys alone under the policy dtmf', () => {
    const bargeIn = new BargeIn({ policy: 'dtmf' }, END_LATENCY_MS);
    expect(bargeIn.speechStarted(true, 0)).toBe('none');
    expect(bargeIn.keyPressed(false)).toBe('none');
    expect(bargeIn.keyPressed(true)).toBe('interrupt');
  });

  it('is not interrupted under the policy never', () => {
    const bargeIn = new BargeIn({ policy: 'never' }, END_LATENCY_MS);
    expect(bargeIn.speechStarted(true, 0)).toBe('none');
    expect(bargeIn.keyPressed(true)).toBe('none');
    expect(bargeIn.speechEnded(5_000)).toBe('none');
    expect(bargeIn.passed(1e9)).toBe('none');
  });

  it.each([
    [399, 'resume'],
    [400, 'interrupt'],
  ] as const)('pauses, and after speech of %i ms does: %s', (durationMs, action) => {
    const bargeIn = new BargeIn({ policy: 'pause', falseAfterMs: 400 }, END_LATENCY_MS);
    expect(bargeIn.speechStarted(true, 1_000)).toBe('pause');
    expect(bargeIn.isPaused).toBe(true);
    expect(bargeIn.speechStarted(true, 1_050), 'more speech in a pause').toBe('none');
    expect(bargeIn.speechEnded(durationMs)).toBe(action);
    expect(bargeIn.isPaused).toBe(false);
    expect(bargeIn.speechStarted(true, 3_000), 'the next time').toBe('pause');
  });

  it('interrupts when no end of the speech is told in the time that a short one would take', () => {
    const bargeIn = new BargeIn({ policy: 'pause', falseAfterMs: 400 }, END_LATENCY_MS);
    bargeIn.speechStarted(true, 1_000);
    expect(bargeIn.deadlineMs).toBe(2_100);
    expect(bargeIn.passed(2_099)).toBe('none');
    expect(bargeIn.passed(2_100)).toBe('interrupt');
    expect(bargeIn.speechEnded(2_000), 'its end, later on').toBe('none');
  });

  it('goes on with the pause while frames are held up, since the end of the speech may be in them', () => {
    const bargeIn = new BargeIn({ policy: 'pause', falseAfterMs: 400 }, END_LATENCY_MS);
    bargeIn.speechStarted(true, 1_000);
    expect(bargeIn.passed(2_150, true)).toBe('none');
    expect(bargeIn.deadlineMs).toBe(2_250);
    expect(bargeIn.passed(2_250, true)).toBe('none');
    expect(bargeIn.passed(2_349, false)).toBe('none');
    expect(bargeIn.passed(2_350, false)).toBe('interrupt');
    bargeIn.speechStarted(true, 3_000);
    bargeIn.passed(5_000, true);
    expect(bargeIn.speechEnded(300), 'its end was in them').toBe('resume');
  });

  it('waits for nothing once it is reset', () => {
    const bargeIn = new BargeIn({ policy: 'pause', falseAfterMs: 400 }, END_LATENCY_MS);
    bargeIn.speechStarted(true, 1_000);
    bargeIn.reset();
    expect([bargeIn.isPaused, bargeIn.deadlineMs, bargeIn.speechEnded(10)]).toEqual([
      false,
      undefined,
      'none',
    ]);
  });
});

describe('speech of several participants', () => {
  it('ends with the last of them and counts as the longest', () => {
    const speech = new BargeInSpeech();
    speech.started(1);
    speech.started(2);
    expect(speech.ended(1, 2_000)).toBeUndefined();
    expect(speech.ended(2, 100)).toBe(2_000);
    speech.started(1);
    expect(speech.ended(1, 300)).toBe(300);
  });
});
