import { describe, expect, it } from 'vitest';
import { type ScriptAction, ScriptMachine } from '../../../local/phone/script-machine.ts';
import type { Sound, Step } from '../../../local/phone/step.ts';
import { noise, tone } from '../../support/signals.ts';

const KEY_MS = 200;
const RATE = 16_000;
const FRAME = 320;
const SILENCE = new Int16Array(FRAME);

function clip(ms: number, seed = 1) {
  return { samples: noise((ms * RATE) / 1_000, seed), sampleRateHz: RATE };
}

function say(ms: number, text?: string): Step {
  return { type: 'say', audio: clip(ms), text };
}

const SPEECH: Sound = { type: 'speech', forMs: 100 };

interface Run {
  /** What was said in each frame; undefined where nothing was. */
  readonly said: (Int16Array | undefined)[];
  readonly actions: (ScriptAction & { readonly atMs: number })[];
  readonly machine: ScriptMachine;
}

/** Lets a phone hear these frames, one after the other. */
function run(steps: readonly Step[], heard: readonly Int16Array[]): Run {
  const machine = new ScriptMachine(steps, RATE);
  const said: (Int16Array | undefined)[] = [];
  const actions: (ScriptAction & { atMs: number })[] = machine
    .start()
    .map((action) => ({ ...action, atMs: 0 }));
  for (const [index, frame] of heard.entries()) {
    said.push(machine.speak());
    for (const action of machine.hear(frame)) actions.push({ ...action, atMs: (index + 1) * 20 });
  }
  return { said, actions, machine };
}

function silence(ms: number): Int16Array[] {
  return Array.from({ length: ms / 20 }, () => SILENCE);
}

function frames(samples: Int16Array): Int16Array[] {
  return Array.from({ length: Math.ceil(samples.length / FRAME) }, (_, i) => {
    const frame = new Int16Array(FRAME);
    frame.set(samples.subarray(i * FRAME, (i + 1) * FRAME));
    return frame;
  });
}

function sounding(ms: number, seed = 9): Int16Array[] {
  return frames(clip(ms, seed).samples);
}

function saying(frame: Int16Array | undefined): boolean {
  return frame !== undefined;
}

describe('a phone with a script', () => {
  it('says everything from the first frame on, once, and fills the last frame with silence', () => {
    const speech = clip(50);
    const { said, machine } = run([{ type: 'say', audio: speech }], silence(200));
    expect(said.map(saying)).toEqual([true, true, true, false, false, false, false, false, false, false]);
    const all = Int16Array.from(said.slice(0, 3).flatMap((frame) => [...(frame ?? [])]));
    expect(all.subarray(0, 800)).toEqual(speech.samples);
    expect(all.subarray(800)).toEqual(new Int16Array(160));
    expect(machine.results()).toEqual([{ type: 'say', status: 'done', atMs: 60 }]);
  });

  it('waits between two sentences for as long as it is told to', () => {
    const { said } = run([say(40), { type: 'wait', ms: 100 }, say(40)], silence(400));
    const spoken = said.flatMap((frame, index) => (saying(frame) ? [index * 20] : []));
    expect(spoken).toEqual([0, 20, 140, 160]);
  });

  it('waits until it has heard so much sound, and not for what is too short', () => {
    const steps: Step[] = [{ type: 'waitUntil', heard: SPEECH, withinMs: 5_000 }, { type: 'hangUp' }];
    const heard = [...silence(200), ...sounding(60), ...silence(200), ...sounding(40)];
    expect(run(steps, heard.slice(0, -1)).actions).toEqual([]);
    expect(run(steps, heard).actions).toEqual([{ type: 'hangUp', atMs: 500 }]);
  });

  it('waits until the other side has been silent without a break', () => {
    const steps: Step[] = [
      { type: 'waitUntil', heard: SPEECH, withinMs: 5_000 },
      { type: 'waitUntil', heard: { type: 'silence', forMs: 300 }, withinMs: 5_000 },
      { type: 'hangUp' },
    ];
    const heard = [...sounding(200), ...silence(280), ...sounding(20), ...silence(600)];
    expect(run(steps, heard).actions).toEqual([{ type: 'hangUp', atMs: 800 }]);
  });

  it('goes on when it has waited in vain, and says so', () => {
    const { actions, machine } = run(
      [{ type: 'waitUntil', heard: SPEECH, withinMs: 400 }, { type: 'hangUp' }],
      silence(600),
    );
    expect(actions).toEqual([{ type: 'hangUp', atMs: 400 }]);
    expect(machine.results()).toMatchObject([
      {
        status: 'failed',
        atMs: 400,
        detail:
          '100 ms of sound was not heard in time: there was 0 ms of sound, and silence for the last 400 ms',
      },
      { status: 'done' },
    ]);
  });

  it('is done with its keys once the last one is pressed, also where the call ends on it', () => {
    const machine = new ScriptMachine([{ type: 'press', keys: '1#' }], RATE);
    machine.start();
    expect(machine.results()).toEqual([{ type: 'press', status: 'notReached' }]);
    for (let ms = 0; ms < KEY_MS; ms += 20) machine.hear(new Int16Array(RATE / 50));
    expect(machine.results()).toEqual([{ type: 'press', status: 'done', atMs: KEY_MS }]);
    machine.keyRefused();
    expect(machine.results()).toEqual([{ type: 'press', status: 'notReached' }]);
  });

  it('presses one key after the other', () => {
    const { actions, machine } = run([{ type: 'press', keys: '1#' }, { type: 'hangUp' }], silence(600));
    expect(actions).toEqual([
      { type: 'press', key: '1', atMs: 0 },
      { type: 'press', key: '#', atMs: KEY_MS },
      { type: 'hangUp', atMs: 2 * KEY_MS },
    ]);
    expect(machine.results().map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('interrupts while something is heard, and not before', () => {
    const steps: Step[] = [
      { type: 'interrupt', audio: clip(40), afterMs: 200, withinMs: 5_000 },
      { type: 'hangUp' },
    ];
    const { said, actions } = run(steps, [...silence(300), ...sounding(600)]);
    expect(said.findIndex(saying) * 20, 'the beginning of the interruption').toBe(500);
    expect(actions).toEqual([{ type: 'hangUp', atMs: 540 }]);
  });

  it('goes on while it says something, and cuts itself off to say something else', () => {
    const steps: Step[] = [
      { type: 'startSaying', audio: clip(400, 1), text: 'never finished' },
      { type: 'interrupt', audio: clip(40, 2), afterMs: 100, withinMs: 1_000, text: 'stop' },
      { type: 'hangUp' },
    ];
    const { said, actions } = run(steps, [...silence(60), ...sounding(300)]);
    const words = said.flatMap((frame) => [...(frame ?? [])]);
    expect(Int16Array.from(words)).toEqual(
      Int16Array.from([...clip(400, 1).samples.subarray(0, 8 * FRAME), ...clip(40, 2).samples]),
    );
    expect(actions).toEqual([
      { type: 'said', text: 'stop', startedMs: 160, durationMs: 40, atMs: 200 },
      { type: 'hangUp', atMs: 200 },
    ]);
  });

  it('says nothing when there is nothing to interrupt', () => {
    const { said, machine } = run(
      [{ type: 'interrupt', audio: clip(40), afterMs: 100, withinMs: 200 }, say(20)],
      silence(400),
    );
    expect(said.filter(saying)).toHaveLength(1);
    expect(machine.results()[0]).toMatchObject({
      status: 'failed',
      detail:
        'something to interrupt was not heard in time: there was 0 ms of sound, and silence for the last 200 ms',
    });
  });

  it('hears the echo of what it is still saying, as an answer to it', () => {
    const speech = clip(1_000, 3);
    const expectation: Step = {
      type: 'expect',
      hear: { type: 'recording', audio: speech, leastDb: 20 },
      withinMs: 1_000,
    };
    const echo = [...silence(100), ...frames(speech.samples), ...silence(400)];
    const { machine } = run([{ type: 'say', audio: speech }, expectation], echo);
    expect(machine.results()).toEqual([
      { type: 'say', status: 'done', atMs: 1_000 },
      { type: 'expect', status: 'done', atMs: 1_100 },
    ]);
  });

  it('knows a recording again although the application paused in the middle of it', () => {
    const speech = clip(400, 3);
    const machine = new ScriptMachine(
      [{ type: 'expect', hear: { type: 'recording', audio: speech, leastDb: 20 }, withinMs: 1_000 }],
      RATE,
    );
    const echo = frames(speech.samples);
    for (const frame of echo.slice(0, 9)) machine.hear(frame, FRAME);
    // The tenth frame came in two halves with silence between and after them.
    const tenth = echo[9] ?? SILENCE;
    for (const [from, to] of [
      [0, 100],
      [100, FRAME],
    ]) {
      const part = new Int16Array(FRAME);
      part.set(tenth.subarray(from, to));
      machine.hear(part, (to ?? 0) - (from ?? 0));
      machine.hear(SILENCE, 0);
    }
    for (const frame of echo.slice(10)) machine.hear(frame, FRAME);
    for (let i = 0; i < 10; i++) machine.hear(SILENCE, 0);
    expect(machine.results()[0]?.status).toBe('done');
  });

  it('does not take another voice for the recording that it expects', () => {
    const expectation: Step = {
      type: 'expect',
      hear: { type: 'recording', audio: clip(400, 3), leastDb: 20 },
      withinMs: 500,
    };
    const { machine } = run([say(100), expectation], [...sounding(700, 77)]);
    expect(machine.results()[1]).toMatchObject({ status: 'failed', atMs: 600 });
    expect(machine.results()[1]?.detail).toContain('20 dB are needed');
  });

  it('counts what was heard before an utterance for nothing afterwards', () => {
    const steps: Step[] = [say(100), { type: 'expect', hear: SPEECH, withinMs: 200 }];
    expect(run(steps, [...sounding(100), ...silence(300)]).machine.results()[1]?.status).toBe('done');
    const twice: Step[] = [say(100), say(100), { type: 'expect', hear: SPEECH, withinMs: 200 }];
    expect(run(twice, [...sounding(100), ...silence(400)]).machine.results()[2]?.status).toBe('failed');
  });

  it('tells one tone from another and from noise', () => {
    const steps: Step[] = [{ type: 'expect', hear: { type: 'tone', hz: 1_000, forMs: 200 }, withinMs: 400 }];
    const of = (samples: Int16Array) =>
      run(steps, [...frames(samples), ...silence(20)]).machine.results()[0]?.status;
    expect(of(tone(RATE * 0.4, RATE, 1_000))).toBe('done');
    expect(of(tone(RATE * 0.4, RATE, 800))).toBe('failed');
    expect(of(noise(RATE * 0.4, 5))).toBe('failed');
  });

  it('tells the words that it has said', () => {
    const { actions } = run([{ type: 'wait', ms: 100 }, say(200, 'good morning'), say(20)], silence(600));
    expect(actions).toEqual([
      { type: 'said', text: 'good morning', startedMs: 100, durationMs: 200, atMs: 300 },
    ]);
  });

  it('does not reach what comes after the end of the call', () => {
    const { machine } = run([{ type: 'wait', ms: 1_000 }, say(20)], silence(100));
    expect(machine.results()).toEqual([
      { type: 'wait', status: 'notReached' },
      { type: 'say', status: 'notReached' },
    ]);
  });
});
