import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginRecognition,
  type RecognitionInput,
  type RecognitionRules,
  type RecognitionState,
  recognitionDeadline,
  stepRecognition,
} from '../../../../../local/emulators/acs/media-operations/recognition-machine.ts';
import { ALL_TONES, type Tone } from '../../../../../local/emulators/acs/media-operations/tones.ts';

const DTMF = { maxTones: 3, interToneTimeoutMs: 2_000, stopTones: ['pound'] } as const;

function rules(changes: Partial<RecognitionRules> = {}): RecognitionRules {
  return {
    inputs: { type: 'dtmf', dtmf: DTMF },
    hasPrompt: false,
    interruptPrompt: true,
    initialSilenceMs: 5_000,
    ...changes,
  };
}

/** Runs inputs that come at these times, with the time told first, as a timer would. */
function run(by: RecognitionRules, ...inputs: [atMs: number, input: RecognitionInput][]): RecognitionState {
  let state = beginRecognition(by, 0);
  for (const [atMs, input] of inputs) {
    state = stepRecognition(state, { type: 'time' }, by, atMs);
    state = stepRecognition(state, input, by, atMs);
  }
  return state;
}

const tone = (name: Tone): RecognitionInput => ({ type: 'tone', tone: name });
const text = (words: string): RecognitionInput => ({ type: 'text', text: words });
const TIME: RecognitionInput = { type: 'time' };

function completedWith(subCode: number, recognized: object): object {
  return {
    phase: 'ended',
    outcome: { type: 'completed', result: expect.objectContaining({ code: 200, subCode }), recognized },
  };
}

function failedWith(code: number, subCode: number): object {
  return {
    phase: 'ended',
    outcome: { type: 'failed', result: expect.objectContaining({ code, subCode }) },
  };
}

describe('the recognition of keys', () => {
  it('ends with the last key that is wanted', () => {
    const state = run(rules(), [100, tone('one')], [200, tone('two')], [300, tone('asterisk')]);
    expect(state).toEqual(completedWith(8531, { type: 'dtmf', tones: ['one', 'two', 'asterisk'] }));
  });

  it('ends with a stop tone, which is not collected', () => {
    const state = run(rules(), [100, tone('one')], [200, tone('pound')]);
    expect(state).toEqual(completedWith(8514, { type: 'dtmf', tones: ['one'] }));
  });

  it('fails when the next key does not come in time, and not a moment earlier', () => {
    expect(run(rules(), [100, tone('one')], [2_099, TIME]).phase).toBe('keys');
    expect(run(rules(), [100, tone('one')], [2_100, TIME])).toEqual(failedWith(400, 8532));
  });

  it('fails when nothing comes at all', () => {
    expect(run(rules(), [4_999, TIME]).phase).toBe('waiting');
    expect(run(rules(), [5_000, TIME])).toEqual(failedWith(400, 8510));
  });

  it('hears no words', () => {
    expect(run(rules(), [100, text('one')]).phase).toBe('waiting');
  });
});

describe('a prompt', () => {
  it('lets the silence begin at its end', () => {
    const by = rules({ hasPrompt: true });
    expect(run(by, [60_000, TIME]).phase).toBe('prompting');
    expect(run(by, [60_000, { type: 'promptEnded' }], [64_999, TIME]).phase).toBe('waiting');
    expect(run(by, [60_000, { type: 'promptEnded' }], [65_000, TIME])).toEqual(failedWith(400, 8510));
  });

  it('is interrupted by the first key, which counts', () => {
    expect(run(rules({ hasPrompt: true }), [100, tone('one')])).toMatchObject({
      phase: 'keys',
      collected: { tones: ['one'] },
    });
  });

  it('that cannot be interrupted swallows keys and words', () => {
    const by = rules({ hasPrompt: true, interruptPrompt: false });
    expect(run(by, [100, tone('one')], [200, text('one')]).phase).toBe('prompting');
  });

  it('that cannot be played fails the recognition', () => {
    expect(run(rules({ hasPrompt: true }), [10, { type: 'promptFailed' }])).toEqual(failedWith(500, 8511));
  });
});

describe('the recognition of choices', () => {
  const choices = [
    { label: 'Sales', phrases: ['sales', 'sales department'], tone: 'one' },
    { label: 'Support', phrases: ['help me', 'support'], tone: 'two' },
  ] as const;
  const by = rules({ inputs: { type: 'choices', choices } });

  it('takes a key', () => {
    expect(run(by, [100, tone('two')])).toEqual(
      completedWith(8533, { type: 'choices', choice: { label: 'Support' } }),
    );
  });

  it('takes a phrase in any case among other words, the longest that fits', () => {
    expect(run(by, [100, text('The SALES-department, please!')])).toEqual(
      completedWith(8545, {
        type: 'choices',
        choice: { label: 'Sales', recognizedPhrase: 'sales department' },
      }),
    );
  });

  it('does not take a part of a word for a phrase', () => {
    expect(run(by, [100, text('wholesales')])).toEqual(failedWith(400, 8547));
  });

  it('fails on another key', () => {
    expect(run(by, [100, tone('nine')])).toEqual(failedWith(500, 8534));
  });

  it('pays no attention to keys where no choice has one', () => {
    const silent = choices.map(({ label, phrases }) => ({ label, phrases }));
    const spoken = rules({ inputs: { type: 'choices', choices: silent } });
    expect(run(spoken, [100, tone('nine')]).phase).toBe('waiting');
  });
});

describe('the recognition of speech', () => {
  const speech = rules({ inputs: { type: 'speech', endSilenceMs: 500 } });
  const either = rules({ inputs: { type: 'speechOrDtmf', endSilenceMs: 500, dtmf: DTMF } });

  it('ends some silence after the last words', () => {
    expect(run(speech, [100, text('my name')], [599, text('is Ann')], [1_098, TIME]).phase).toBe('words');
    expect(run(speech, [100, text('my name')], [599, text('is Ann')], [1_099, TIME])).toEqual(
      completedWith(8569, { type: 'speech', text: 'my name is Ann' }),
    );
  });

  it('pays no attention to keys', () => {
    expect(run(speech, [100, tone('one')]).phase).toBe('waiting');
  });

  it('or keys is decided by what comes first', () => {
    expect(run(either, [100, tone('one')], [200, text('hello')], [300, tone('pound')])).toEqual(
      completedWith(8514, { type: 'dtmf', tones: ['one'] }),
    );
    expect(run(either, [100, text('hello')], [200, tone('one')], [600, TIME])).toEqual(
      completedWith(8569, { type: 'speech', text: 'hello' }),
    );
  });
});

describe('every recognition', () => {
  const input = fc.oneof(
    fc.constantFrom(...ALL_TONES).map(tone),
    fc.constantFrom('yes', 'no', ' ').map(text),
    fc.constantFrom<RecognitionInput>(TIME, { type: 'promptEnded' }, { type: 'promptFailed' }),
  );
  const anyRules = fc.record({
    hasPrompt: fc.boolean(),
    interruptPrompt: fc.boolean(),
    initialSilenceMs: fc.nat(10_000),
    inputs: fc.constantFrom<RecognitionRules['inputs']>(
      { type: 'dtmf', dtmf: DTMF },
      { type: 'speech', endSilenceMs: 500 },
      { type: 'speechOrDtmf', endSilenceMs: 500, dtmf: { ...DTMF, maxTones: undefined } },
      { type: 'choices', choices: [{ label: 'Yes', phrases: ['yes'], tone: 'one' }] },
    ),
  });

  it('stays as it ended, collects no more than is wanted, and always has a deadline once the prompt is over', () => {
    fc.assert(
      fc.property(anyRules, fc.array(fc.tuple(fc.nat(3_000), input)), (by, steps) => {
        let state = beginRecognition(by, 0);
        let nowMs = 0;
        for (const [afterMs, next] of steps) {
          nowMs += afterMs;
          const before = state;
          state = stepRecognition(state, next, by, nowMs);
          if (before.phase === 'ended') expect(state).toBe(before);
          if (state.phase !== 'ended' && state.phase !== 'prompting') {
            expect(recognitionDeadline(state)).toBeGreaterThanOrEqual(0);
          }
          if (state.phase !== 'ended' || state.outcome.type !== 'completed') continue;
          const { recognized } = state.outcome;
          if (recognized.type === 'dtmf' && by.inputs.type === 'dtmf') {
            expect(recognized.tones.length).toBeLessThanOrEqual(3);
            expect(recognized.tones).not.toContain('pound');
          }
        }
        // However it went, silence ends it as soon as no prompt plays.
        state = stepRecognition(state, { type: 'promptEnded' }, by, nowMs);
        const deadlineMs = recognitionDeadline(state);
        if (deadlineMs !== undefined) {
          expect(stepRecognition(state, TIME, by, deadlineMs).phase).toBe('ended');
        } else {
          expect(state.phase).toBe('ended');
        }
      }),
    );
  });
});
