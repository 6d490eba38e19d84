import { PHONE_FRAME_MS, type Phone, samplesPerFrame } from './phone.ts';
import { Recording } from './recording.ts';

/** Longest recording that is kept in memory, in milliseconds; 58 MB a direction at 24 kHz. */
const MAX_RECORDED_MS = 20 * 60_000;

interface Tape {
  readonly sampleRateHz: number;
  readonly silence: Int16Array;
  readonly said: Recording;
  readonly heard: Recording;
}

/**
 * A phone that records what it says and hears. Its recordings share one time axis, which advances while it is on
 * the call: sample n of what was said left the phone in the same frame as sample n of what was heard came in.
 */
export abstract class RecordingPhone implements Phone {
  readonly rawId: string;
  readonly #maxMs: number;
  #tape: Tape | undefined;
  #frames = 0;
  #hasHungUp = false;

  /** @param options `maxMs`: how long it stays at most, in milliseconds on the call */
  constructor({ rawId, maxMs }: { readonly rawId: string; readonly maxMs: number }) {
    this.rawId = rawId;
    this.#maxMs = maxMs;
  }

  /** Of the recordings, in Hz; undefined until media has started. */
  get sampleRateHz(): number | undefined {
    return this.#tape?.sampleRateHz;
  }

  /** Media that starts again goes on where it stopped. @throws RangeError when it comes back at another rate */
  mediaStarted(sampleRateHz: number): void {
    if (this.#tape === undefined) {
      const maxSamples = (sampleRateHz * MAX_RECORDED_MS) / 1000;
      this.#tape = {
        sampleRateHz,
        silence: new Int16Array(samplesPerFrame(sampleRateHz)),
        said: new Recording(maxSamples),
        heard: new Recording(maxSamples),
      };
      this.begin(sampleRateHz);
    } else if (this.#tape.sampleRateHz !== sampleRateHz) {
      throw new RangeError(
        `the media of a call cannot change from ${this.#tape.sampleRateHz} Hz to ${sampleRateHz} Hz`,
      );
    }
  }

  speak(): Int16Array | undefined {
    const { said, silence } = this.#started();
    const frame = this.nextFrame();
    said.append(frame ?? silence);
    return frame;
  }

  hear(samples: Int16Array, _fromApplication: number): void {
    this.#started().heard.append(samples);
    this.#frames += 1;
  }

  mediaStopped(): void {}

  abstract ended(reason: string): void;

  /** Everything said, and the silence between. */
  said(): Int16Array {
    return this.#tape?.said.toSamples() ?? new Int16Array();
  }

  /** Everything heard, silence included. */
  heard(): Int16Array {
    return this.#tape?.heard.toSamples() ?? new Int16Array();
  }

  /** What both take in memory. */
  get recordedBytes(): number {
    return (this.#tape?.said.bytes ?? 0) + (this.#tape?.heard.bytes ?? 0);
  }

  /** Media has started for the first time. */
  protected abstract begin(sampleRateHz: number): void;

  /** What `speak` returns and records. */
  protected abstract nextFrame(): Int16Array | undefined;

  /** It has been on the call for `maxMs`. */
  protected get isOverdue(): boolean {
    return this.#frames * PHONE_FRAME_MS >= this.#maxMs;
  }

  /** Runs `ask` the first time. */
  protected hangUpOnce(ask: () => void): void {
    if (this.#hasHungUp) return;
    this.#hasHungUp = true;
    ask();
  }

  #started(): Tape {
    if (this.#tape === undefined) throw new Error('a phone speaks and hears only after mediaStarted');
    return this.#tape;
  }
}
