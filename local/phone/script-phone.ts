import { PHONE_FRAME_MS, type Phone, samplesPerFrame } from './phone.ts';
import { Recording } from './recording.ts';
import { ScriptMachine } from './script-machine.ts';
import type { Step, StepResult } from './step.ts';
import { MAX_RECORDED_MS } from './wav-phone.ts';

/** Steps that one phone may have. */
export const MAX_STEPS = 200;

/** Words that a phone has said, on the axis of streamed media. */
export interface SpokenWords {
  readonly rawId: string;
  readonly text: string;
  readonly startedMs: number;
  readonly durationMs: number;
}

export interface ScriptPhoneOptions {
  readonly rawId: string;
  readonly steps: readonly Step[];
  /** It hangs up after so much streamed media, whatever the script says. */
  readonly maxMs: number;
  /** Asks for the call to be ended; called once, within `hear` or `mediaStarted`. */
  readonly onHangUp: () => void;
  /** A key was pressed. False: nobody takes keys; the step has failed, and the call goes on. */
  readonly onPress?: (key: string) => boolean;
  readonly onWords?: (words: SpokenWords) => void;
}

/**
 * A phone that follows a script, and records what it says and hears on one time axis, which advances while media is
 * streamed.
 */
export interface ScriptPhone extends Phone {
  /** Of its recordings; undefined until media has started. */
  readonly sampleRateHz: number | undefined;
  /** Whether its call is over for it, wherever it has gone. */
  readonly over: boolean;
  said(): Int16Array;
  heard(): Int16Array;
  /** What has become of each step so far. */
  results(): readonly StepResult[];
}

/** @throws RangeError for too many steps */
export function createScriptPhone(options: ScriptPhoneOptions): ScriptPhone {
  if (options.steps.length > MAX_STEPS) {
    throw new RangeError(`a phone can have ${MAX_STEPS} steps, not ${options.steps.length}`);
  }
  return new SteppingPhone(options);
}

interface Running {
  readonly sampleRateHz: number;
  readonly silence: Int16Array;
  readonly machine: ScriptMachine;
  readonly said: Recording;
  readonly heard: Recording;
}

class SteppingPhone implements ScriptPhone {
  readonly rawId: string;
  readonly #options: ScriptPhoneOptions;
  #running: Running | undefined;
  #frames = 0;
  #hangUpAsked = false;
  #over = false;

  constructor(options: ScriptPhoneOptions) {
    this.rawId = options.rawId;
    this.#options = options;
  }

  get over(): boolean {
    return this.#over;
  }

  get sampleRateHz(): number | undefined {
    return this.#running?.sampleRateHz;
  }

  /** Media that starts again goes on with the script. Throws RangeError when it comes back at another rate. */
  mediaStarted(sampleRateHz: number): void {
    if (this.#running !== undefined) {
      if (this.#running.sampleRateHz === sampleRateHz) return;
      throw new RangeError(
        `the media of a call cannot change from ${this.#running.sampleRateHz} Hz to ${sampleRateHz} Hz`,
      );
    }
    const maxSamples = (MAX_RECORDED_MS * sampleRateHz) / 1_000;
    this.#running = {
      sampleRateHz,
      silence: new Int16Array(samplesPerFrame(sampleRateHz)),
      machine: new ScriptMachine(this.#options.steps, sampleRateHz),
      said: new Recording(maxSamples),
      heard: new Recording(maxSamples),
    };
    this.#act(this.#running.machine.start());
  }

  speak(): Int16Array | undefined {
    const { machine, said, silence } = this.#started();
    const frame = machine.speak();
    said.append(frame ?? silence);
    return frame;
  }

  hear(samples: Int16Array, fromApplication: number): void {
    const { machine, heard } = this.#started();
    heard.append(samples);
    this.#frames += 1;
    this.#act(machine.hear(samples, fromApplication));
    if (this.#frames * PHONE_FRAME_MS >= this.#options.maxMs) this.#hangUp();
  }

  mediaStopped(): void {}

  ended(): void {
    this.#over = true;
  }

  said(): Int16Array {
    return this.#running?.said.toSamples() ?? new Int16Array();
  }

  heard(): Int16Array {
    return this.#running?.heard.toSamples() ?? new Int16Array();
  }

  results(): readonly StepResult[] {
    if (this.#running !== undefined) return this.#running.machine.results();
    return this.#options.steps.map(({ type }) => ({ type, status: 'notReached' }));
  }

  #act(actions: ReturnType<ScriptMachine['hear']>): void {
    for (const action of actions) {
      switch (action.type) {
        case 'press':
          if (this.#options.onPress?.(action.key) !== true) this.#running?.machine.keyRefused();
          break;
        case 'hangUp':
          this.#hangUp();
          break;
        case 'said': {
          const { text, startedMs, durationMs } = action;
          this.#options.onWords?.({ rawId: this.rawId, text, startedMs, durationMs });
          break;
        }
      }
    }
  }

  #hangUp(): void {
    if (this.#hangUpAsked) return;
    this.#hangUpAsked = true;
    this.#options.onHangUp();
  }

  #started(): Running {
    if (this.#running === undefined) throw new Error('a phone speaks and hears only after mediaStarted');
    return this.#running;
  }
}
