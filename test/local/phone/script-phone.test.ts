import { describe, expect, it } from 'vitest';
import { ScriptPhone, type SpokenWords } from '../../../local/phone/script-phone.ts';
import { noise } from '../../support/signals.ts';

const RATE = 16_000;
const FRAME = 320;
const SILENCE = new Int16Array(FRAME);

function phone(options: Partial<ConstructorParameters<typeof ScriptPhone>[0]>) {
  const notes: string[] = [];
  const words: SpokenWords[] = [];
  const made = new ScriptPhone({
    rawId: '4:+14255550123',
    steps: [],
    maxMs: 60_000,
    onHangUp: () => notes.push('hang up'),
    onPress: (key) => {
      notes.push(`press ${key}`);
      return true;
    },
    onWords: (said) => words.push(said),
    ...options,
  });
  return { phone: made, notes, words };
}

/** Lets the phone speak and hear silence for so many frames. */
function frames(made: ScriptPhone, count: number): (Int16Array | undefined)[] {
  return Array.from({ length: count }, () => {
    const said = made.speak();
    made.hear(SILENCE, 0);
    return said;
  });
}

describe('a phone that follows a script', () => {
  it('records what it said and heard on one time axis, silence included', () => {
    const speech = noise(FRAME, 3);
    const { phone: made } = phone({
      steps: [
        { type: 'wait', ms: 20 },
        { type: 'say', audio: { samples: speech, sampleRateHz: RATE } },
      ],
    });
    made.mediaStarted(RATE);
    expect(frames(made, 3)).toEqual([undefined, speech, undefined]);
    expect(made.said()).toEqual(Int16Array.from([...SILENCE, ...speech, ...SILENCE]));
    expect(made.heard()).toEqual(new Int16Array(3 * FRAME));
    expect(made.sampleRateHz).toBe(RATE);
  });

  it('goes on with its script when media starts again, at the same rate', () => {
    const { phone: made, notes } = phone({ steps: [{ type: 'wait', ms: 100 }, { type: 'hangUp' }] });
    made.mediaStarted(RATE);
    frames(made, 3);
    made.mediaStopped();
    made.mediaStarted(RATE);
    frames(made, 1);
    expect(notes).toEqual([]);
    frames(made, 1);
    expect(notes).toEqual(['hang up']);
    expect(() => made.mediaStarted(24_000)).toThrow('cannot change from 16000 Hz to 24000 Hz');
  });

  it('speaks at the rate of the media', () => {
    const { phone: made } = phone({
      steps: [{ type: 'say', audio: { samples: noise(RATE / 10, 5), sampleRateHz: RATE } }],
    });
    made.mediaStarted(24_000);
    const said = Array.from({ length: 6 }, () => {
      const frame = made.speak();
      made.hear(new Int16Array(480), 0);
      return frame?.length;
    });
    expect(said, '100 ms in frames of 20 ms at 24 kHz').toEqual([480, 480, 480, 480, 480, undefined]);
  });

  it('hangs up once when its time is over, whatever the script says', () => {
    const { phone: made, notes } = phone({ maxMs: 60, steps: [{ type: 'wait', ms: 10_000 }] });
    made.mediaStarted(RATE);
    frames(made, 2);
    expect(notes).toEqual([]);
    frames(made, 3);
    expect(notes).toEqual(['hang up']);
  });

  it('tells its keys and its words, and that a key was pressed in vain', () => {
    const audio = { samples: noise(FRAME, 3), sampleRateHz: RATE };
    const {
      phone: made,
      notes,
      words,
    } = phone({
      steps: [
        { type: 'press', keys: '7' },
        { type: 'say', audio, text: 'seven' },
      ],
    });
    made.mediaStarted(RATE);
    frames(made, 12);
    expect(notes).toEqual(['press 7']);
    expect(words).toEqual([{ rawId: '4:+14255550123', text: 'seven', startedMs: 200, durationMs: 20 }]);

    const { phone: inVain } = phone({ steps: [{ type: 'press', keys: '7' }], onPress: () => false });
    inVain.mediaStarted(RATE);
    frames(inVain, 12);
    expect(inVain.results()).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('nothing on the call takes keys') },
    ]);
  });

  it('has reached nothing before there was media, and refuses too many steps', () => {
    const { phone: made } = phone({ steps: [{ type: 'hangUp' }] });
    expect(made.results()).toEqual([{ type: 'hangUp', status: 'notReached' }]);
    expect(() => made.speak()).toThrow('only after mediaStarted');
    const steps = Array.from({ length: 201 }, () => ({ type: 'hangUp' }) as const);
    expect(() => phone({ steps })).toThrow('a phone can have 200 steps, not 201');
  });
});
