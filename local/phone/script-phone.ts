import { RecordingPhone } from './recording-phone.ts';
import { ScriptMachine } from './script-machine.ts';
import type { Step, StepResult } from './step.ts';

/** Steps that one phone may have. */
export const MAX_STEPS = 200;

/** Words that a phone has said, on the time axis of the telephone. */
export interface SpokenWords {
  readonly rawId: string;
  readonly text: string;
  readonly startedMs: number;
  readonly durationMs: number;
}

interface ScriptPhoneOptions {
  readonly rawId: string;
  readonly steps: readonly Step[];
  /** It hangs up after so much time on the call, whatever the script says. */
  readonly maxMs: number;
  /** Asks for the call to be ended; called once, within `hear` or `mediaStarted`. */
  readonly onHangUp: () => void;
  /** A key was pressed. False: nobody takes keys; the step has failed, and the call goes on. */
  readonly onPress?: (key: string) => boolean;
  readonly onWords?: (words: SpokenWords) => void;
}

/** A phone that follows a script, and records what it says and hears. */
export class ScriptPhone extends RecordingPhone {
  readonly #options: ScriptPhoneOptions;
  #machine: ScriptMachine | undefined;
  #over = false;

  /** @throws RangeError for too many steps */
  constructor(options: ScriptPhoneOptions) {
    if (options.steps.length > MAX_STEPS)
      throw new RangeError(`a phone can have ${MAX_STEPS} steps, not ${options.steps.length}`);
    super(options);
    this.#options = options;
  }

  /** Whether its call is over for it, wherever it has gone. */
  get over(): boolean {
    return this.#over;
  }

  override hear(samples: Int16Array, fromApplication: number): void {
    super.hear(samples, fromApplication);
    this.#act(this.#machine?.hear(samples, fromApplication) ?? []);
    if (this.isOverdue) this.hangUpOnce(this.#options.onHangUp);
  }

  ended(): void {
    this.#over = true;
  }

  /** What has become of each step so far. */
  results(): readonly StepResult[] {
    return (
      this.#machine?.results() ?? this.#options.steps.map(({ type }) => ({ type, status: 'notReached' }))
    );
  }

  protected begin(sampleRateHz: number): void {
    this.#machine = new ScriptMachine(this.#options.steps, sampleRateHz);
    this.#act(this.#machine.start());
  }

  protected nextFrame(): Int16Array | undefined {
    return this.#machine?.speak();
  }

  #act(actions: ReturnType<ScriptMachine['hear']>): void {
    for (const action of actions) {
      switch (action.type) {
        case 'press':
          if (this.#options.onPress?.(action.key) !== true) this.#machine?.keyRefused();
          break;
        case 'hangUp':
          this.hangUpOnce(this.#options.onHangUp);
          break;
        case 'said': {
          const { text, startedMs, durationMs } = action;
          this.#options.onWords?.({ rawId: this.rawId, text, startedMs, durationMs });
          break;
        }
      }
    }
  }
}
