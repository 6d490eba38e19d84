import { ConvertedSpeech } from './converted-speech.ts';
import { Listening } from './listening.ts';
import { PHONE_FRAME_MS, samplesPerFrame, wholeFrame } from './phone.ts';
import { describeSound, type Step, type StepResult, type Utterance } from './step.ts';

/**
 * A key is pressed this long before the next one; RFC 4733 advises tones and pauses of 50 ms at least, people take
 * longer.
 */
const KEY_MS = 200;

export type ScriptAction =
  | { readonly type: 'press'; readonly key: string }
  | { readonly type: 'hangUp' }
  /** Something has been said to its end, `durationMs` long. */
  | { readonly type: 'said'; readonly text: string; readonly startedMs: number; readonly durationMs: number };

/** What is being said; by its own step, or while other steps go on. */
interface Voice {
  readonly utterance: Utterance;
  readonly speech: ConvertedSpeech;
  readonly startedMs: number;
}

/** What the present step is about; each step has the variant that it needs. */
type Doing =
  /** Until the voice is silent. */
  | { readonly type: 'saying' }
  | { readonly type: 'waiting'; readonly untilMs: number }
  | {
      readonly type: 'listening';
      readonly listening: Listening;
      readonly untilMs: number;
      readonly what: string;
    }
  | {
      readonly type: 'pressing';
      readonly keys: readonly string[];
      pressed: number;
      nextMs: number;
      refused: boolean;
    }
  | { readonly type: 'nothing' };

/**
 * What a phone does, over ticks of 20 ms: `speak` for what it says in one, then `hear` for what it heard in it. Time is
 * the number of ticks; nothing else goes in, so the same sounds make the same call.
 *
 * ```
 * begin ─▶ say: saying ───────────────────────────▶ next step
 *          startSaying ───────────────────────────▶   (the voice goes on)
 *          wait: waiting ─────────────────────────▶
 *          waitUntil, expect: listening ──────────▶   (too late: failed, and goes on)
 *          press: pressing, a key at a time ──────▶
 *          interrupt: listening ─▶ saying ────────▶   (too late: failed, and goes on without saying anything)
 *          hangUp ────────────────────────────────▶   nothing
 * after the last step: nothing
 * ```
 */
export class ScriptMachine {
  readonly #steps: readonly Step[];
  readonly #sampleRateHz: number;
  readonly #frameSamples: number;
  readonly #results: StepResult[] = [];
  #actions: ScriptAction[] = [];
  #doing: Doing = { type: 'nothing' };
  #voice: Voice | undefined;
  /** Those of all later expectations: what comes back may be heard while something is still being said. */
  #expectations = new Map<number, Listening>();
  #frame = 0;

  constructor(steps: readonly Step[], sampleRateHz: number) {
    this.#steps = steps;
    this.#sampleRateHz = sampleRateHz;
    this.#frameSamples = samplesPerFrame(sampleRateHz);
    this.#resetExpectations();
    this.#begin();
  }

  /** The next 20 ms to say, or undefined while nothing is said. */
  speak(): Int16Array | undefined {
    const voice = this.#voice;
    if (voice === undefined) return undefined;
    return wholeFrame(voice.speech.read(this.#frameSamples), this.#frameSamples);
  }

  /** What was heard in the same 20 ms; the application sent the first samples of it. @returns what to do now */
  hear(frame: Int16Array, fromApplication = frame.length): readonly ScriptAction[] {
    this.#frame += 1;
    for (const listening of this.#expectations.values()) listening.add(frame, fromApplication);
    this.#endVoice();
    this.#tick(frame, fromApplication);
    return this.#takeActions();
  }

  /** Keys and the like of a script that begins with them. */
  start(): readonly ScriptAction[] {
    return this.#takeActions();
  }

  /** Nobody took the key that was just pressed: the step will have failed. */
  keyRefused(): void {
    if (this.#doing.type === 'pressing') this.#doing.refused = true;
  }

  /** All steps in order, those that were not reached too. */
  results(): readonly StepResult[] {
    const current = this.#pressed();
    return this.#steps.map(
      ({ type }, index) =>
        this.#results[index] ??
        (index === this.#results.length && current !== undefined ? current : { type, status: 'notReached' }),
    );
  }

  /** The pause behind the last key is no part of the step: an application that was waiting for it may end the call. */
  #pressed(): StepResult | undefined {
    const doing = this.#doing;
    if (doing.type !== 'pressing' || doing.pressed < doing.keys.length || doing.refused) return undefined;
    return { type: 'press', status: 'done', atMs: this.#nowMs };
  }

  get #nowMs(): number {
    return this.#frame * PHONE_FRAME_MS;
  }

  #tick(frame: Int16Array, fromApplication: number): void {
    const doing = this.#doing;
    switch (doing.type) {
      case 'nothing':
        return;
      case 'saying':
        if (this.#voice === undefined) this.#finish();
        return;
      case 'waiting':
        if (this.#nowMs >= doing.untilMs) this.#finish();
        return;
      case 'listening':
        this.#listen(doing, frame, fromApplication);
        return;
      case 'pressing':
        this.#press(doing);
        return;
    }
  }

  #listen(doing: Doing & { type: 'listening' }, frame: Int16Array, fromApplication: number): void {
    const { listening, untilMs, what } = doing;
    const expected = this.#expectations.get(this.#results.length) === listening;
    if (!expected) listening.add(frame, fromApplication);
    if (listening.found) this.#heard();
    else if (this.#nowMs >= untilMs) {
      const instead = listening.missing();
      if (instead === undefined) this.#heard();
      else this.#finish(`${what} was not heard in time: there was ${instead}`);
    }
  }

  /** What was listened for has been heard: the step is done, or what is to interrupt it is said now. */
  #heard(): void {
    const step = this.#steps[this.#results.length];
    if (step?.type === 'interrupt') {
      this.#startSaying(step);
      this.#doing = { type: 'saying' };
    } else this.#finish();
  }

  #press(doing: Doing & { type: 'pressing' }): void {
    if (this.#nowMs < doing.nextMs) return;
    const key = doing.keys[doing.pressed];
    if (key === undefined) {
      this.#finish(doing.refused ? 'nothing on the call takes keys (enableDtmfTones, recognize)' : undefined);
      return;
    }
    this.#actions.push({ type: 'press', key });
    doing.pressed += 1;
    doing.nextMs = this.#nowMs + KEY_MS;
  }

  /** Ends the present step and begins the next one. */
  #finish(failure?: string): void {
    const step = this.#steps[this.#results.length];
    if (step === undefined) return;
    const { type } = step;
    const atMs = this.#nowMs;
    this.#results.push(
      failure === undefined
        ? { type, status: 'done', atMs }
        : { type, status: 'failed', atMs, detail: failure },
    );
    this.#begin();
  }

  #begin(): void {
    const step = this.#steps[this.#results.length];
    if (step === undefined) {
      this.#doing = { type: 'nothing' };
      return;
    }
    switch (step.type) {
      case 'say':
        this.#startSaying(step);
        this.#doing = { type: 'saying' };
        return;
      case 'startSaying':
        this.#startSaying(step);
        this.#finish();
        return;
      case 'wait':
        this.#doing = { type: 'waiting', untilMs: this.#nowMs + step.ms };
        return;
      case 'waitUntil':
        this.#doing = this.#listening(
          new Listening(step.heard, this.#sampleRateHz),
          step.withinMs,
          describeSound(step.heard),
        );
        return;
      case 'interrupt': {
        const sound = { type: 'speech', forMs: step.afterMs } as const;
        this.#doing = this.#listening(
          new Listening(sound, this.#sampleRateHz),
          step.withinMs,
          'something to interrupt',
        );
        return;
      }
      case 'expect': {
        const listening =
          this.#expectations.get(this.#results.length) ?? new Listening(step.hear, this.#sampleRateHz);
        this.#doing = this.#listening(listening, step.withinMs, describeSound(step.hear));
        return;
      }
      case 'press':
        this.#resetExpectations();
        this.#doing = {
          type: 'pressing',
          keys: [...step.keys],
          pressed: 0,
          nextMs: this.#nowMs,
          refused: false,
        };
        this.#press(this.#doing);
        return;
      case 'hangUp':
        this.#actions.push({ type: 'hangUp' });
        this.#finish();
        return;
    }
  }

  #startSaying(utterance: Utterance): void {
    this.#resetExpectations();
    const speech = new ConvertedSpeech(utterance.audio, this.#sampleRateHz);
    this.#voice = { utterance, speech, startedMs: this.#nowMs };
  }

  #listening(listening: Listening, withinMs: number, what: string): Doing {
    return { type: 'listening', listening, untilMs: this.#nowMs + withinMs, what };
  }

  /**
   * Expectations up to the next stimulus are about what is heard from now on. Silence is meant to follow, so it counts
   * from its own step.
   */
  #resetExpectations(): void {
    this.#expectations = new Map();
    for (let index = this.#results.length; index < this.#steps.length; index++) {
      const step = this.#steps[index];
      if (index > this.#results.length && isStimulus(step)) return;
      if (step?.type === 'expect' && step.hear.type !== 'silence')
        this.#expectations.set(index, new Listening(step.hear, this.#sampleRateHz));
    }
  }

  /** Falls silent when everything has been said, and tells the words. */
  #endVoice(): void {
    const voice = this.#voice;
    if (voice === undefined || voice.speech.remaining > 0) return;
    this.#voice = undefined;
    const { text } = voice.utterance;
    if (text === undefined) return;
    const { startedMs } = voice;
    this.#actions.push({ type: 'said', text, startedMs, durationMs: this.#nowMs - startedMs });
  }

  #takeActions(): readonly ScriptAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}

/** What may be answered: expectations that follow are about what is heard since. */
function isStimulus(step: Step | undefined): boolean {
  switch (step?.type) {
    case 'say':
    case 'startSaying':
    case 'press':
    case 'interrupt':
      return true;
    case 'wait':
    case 'waitUntil':
    case 'expect':
    case 'hangUp':
    case undefined:
      return false;
  }
}
