import { describe, expect, it } from 'vitest';
import type { Step } from '../../../local/phone/step.ts';
import { stepsSchema, stepsToJson } from '../../../local/phone/step-json.ts';
import { noise } from '../../support/signals.ts';

const AUDIO = { samples: noise(500, 4), sampleRateHz: 22_050 };

describe('steps on the wire', () => {
  it('come back as they were', () => {
    const steps: Step[] = [
      { type: 'say', audio: AUDIO, text: 'hello' },
      { type: 'startSaying', audio: AUDIO },
      { type: 'wait', ms: 20 },
      { type: 'waitUntil', heard: { type: 'silence', forMs: 500 }, withinMs: 1_000 },
      { type: 'press', keys: '12AD*#' },
      { type: 'interrupt', audio: AUDIO, afterMs: 100, withinMs: 1_000 },
      { type: 'expect', hear: { type: 'recording', audio: AUDIO, leastDb: 20 }, withinMs: 1_000 },
      { type: 'expect', hear: { type: 'tone', hz: 697, forMs: 40 }, withinMs: 1_000 },
      { type: 'hangUp' },
    ];
    expect(stepsSchema.parse(JSON.parse(JSON.stringify(stepsToJson(steps))))).toEqual(steps);
  });

  it.each([
    [{ type: 'jump' }, 'type'],
    [{ type: 'wait', ms: -1 }, 'ms'],
    [{ type: 'press', keys: '12x' }, 'keys'],
    [{ type: 'say', audio: { audio: 'AA==', sampleRateHz: 16_000 } }, 'audio'],
    [{ type: 'say', audio: { audio: '====!', sampleRateHz: 16_000 } }, 'audio'],
    [{ type: 'hangUp', now: true }, ''],
  ])('are refused where they are no steps: %j', (step, member) => {
    const result = stepsSchema.safeParse([step]);
    expect(result.success).toBe(false);
    expect(result.error?.issues[0]?.path.join('.')).toContain(member);
  });

  it('are bounded in number', () => {
    expect(stepsSchema.safeParse(Array.from({ length: 201 }, () => ({ type: 'hangUp' }))).success).toBe(
      false,
    );
  });
});
