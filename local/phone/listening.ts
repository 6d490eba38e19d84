import { AlignmentSearch } from './align.ts';
import { concatenate, resampledPieces } from './converted-speech.ts';
import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS } from './phone.ts';
import type { Sound } from './step.ts';

/** How much louder a frequency must be than everything else of a frame together to stand out: half of the energy. */
const LEAST_SHARE = 0.5;
/**
 * With each frame, so many of those are searched that came in before the recording was converted, since searching takes
 * time.
 */
const SEARCHED_AT_ONCE = 10;

/** Waits for one sound in what is heard, frame by frame. */
export class Listening {
  readonly #sound: Sound;
  readonly #sampleRateHz: number;
  readonly #comparison: Comparison | undefined;
  #soundingMs = 0;
  #silentMs = 0;
  #toneMs = 0;
  #found = false;

  constructor(sound: Sound, sampleRateHz: number) {
    this.#sound = sound;
    this.#sampleRateHz = sampleRateHz;
    if (sound.type === 'recording') this.#comparison = new Comparison(sound, sampleRateHz);
  }

  /** Takes in 20 ms, of which the application sent the first `fromApplication` samples. */
  add(frame: Int16Array, fromApplication: number): void {
    if (this.#found) return;
    const silent = isSilentLevel(rms(frame));
    this.#silentMs = silent ? this.#silentMs + PHONE_FRAME_MS : 0;
    if (!silent) this.#soundingMs += PHONE_FRAME_MS;
    switch (this.#sound.type) {
      case 'speech':
        this.#found = this.#soundingMs >= this.#sound.forMs;
        break;
      case 'silence':
        this.#found = this.#silentMs >= this.#sound.forMs;
        break;
      case 'tone':
        if (!silent && shareOf(frame, this.#sound.hz, this.#sampleRateHz) >= LEAST_SHARE)
          this.#toneMs += PHONE_FRAME_MS;
        this.#found = this.#toneMs >= this.#sound.forMs;
        break;
      case 'recording':
        this.#comparison?.add(frame, fromApplication);
        this.#found = this.#comparison?.agrees === true;
        break;
    }
  }

  get found(): boolean {
    return this.#found;
  }

  /** Looks once more, at the end of the time, and says what was heard instead; undefined where the sound was heard. */
  missing(): string | undefined {
    this.#comparison?.finish();
    this.#found ||= this.#comparison?.agrees === true;
    if (this.#found) return undefined;
    if (this.#comparison !== undefined)
      return `${this.#soundingMs} ms of sound; ${this.#comparison.inWords()}`;
    return this.#sound.type === 'tone'
      ? `${this.#soundingMs} ms of sound, of which ${this.#toneMs} ms were that tone`
      : `${this.#soundingMs} ms of sound, and silence for the last ${this.#silentMs} ms`;
  }
}

/** Compares what is heard with a recording, a little with each frame. */
class Comparison {
  readonly #leastDb: number;
  /** The recording is converted while the first frames come in, a piece with each. */
  readonly #unconverted: Iterator<Int16Array> & Iterable<Int16Array>;
  readonly #converted: Int16Array[] = [];
  #searches: readonly [everything: AlignmentSearch, withoutGaps: AlignmentSearch] | undefined;
  /** Frames that came in before the recording was converted. */
  #waiting: { readonly frame: Int16Array; readonly fromApplication: number }[] = [];

  constructor({ audio, leastDb }: Extract<Sound, { type: 'recording' }>, sampleRateHz: number) {
    this.#leastDb = leastDb;
    this.#unconverted = resampledPieces(audio.samples, audio.sampleRateHz, sampleRateHz);
  }

  add(frame: Int16Array, fromApplication: number): void {
    this.#waiting.push({ frame: frame.slice(), fromApplication });
    if (this.#searches === undefined) this.#convertNext();
    if (this.#searches !== undefined) this.#search(SEARCHED_AT_ONCE);
  }

  /** Searches everything that was added. */
  finish(): void {
    while (this.#searches === undefined) this.#convertNext();
    this.#search(this.#waiting.length);
  }

  get agrees(): boolean {
    return this.#agreementDb >= this.#leastDb;
  }

  inWords(): string {
    const db = this.#agreementDb;
    const best = Number.isFinite(db) ? `it agrees by ${db.toFixed(1)} dB at best` : 'nothing resembles it';
    return `${best}, ${this.#leastDb} dB are needed`;
  }

  get #agreementDb(): number {
    return Math.max(...(this.#searches ?? []).map(({ signalToErrorDb }) => signalToErrorDb));
  }

  #convertNext(): void {
    const { done, value } = this.#unconverted.next();
    if (done !== true) this.#converted.push(value);
    else {
      const expected = withoutSilence(concatenate(this.#converted));
      this.#searches = [new AlignmentSearch(expected), new AlignmentSearch(expected)];
    }
  }

  /**
   * A stalled machine tears gaps into a recording, so the best match without them counts too; the call's report shows
   * gaps.
   */
  #search(frames: number): void {
    const [everything, withoutGaps] = this.#searches ?? [];
    for (const { frame, fromApplication } of this.#waiting.splice(0, frames)) {
      const isGap = frame.subarray(fromApplication).every((sample) => sample === 0);
      everything?.add(frame);
      withoutGaps?.add(isGap ? frame.subarray(0, fromApplication) : frame);
    }
  }
}

/** Silence around a recording says nothing: it may be heard or not. */
function withoutSilence(samples: Int16Array): Int16Array {
  const first = samples.findIndex((sample) => sample !== 0);
  return first < 0
    ? new Int16Array()
    : samples.subarray(first, samples.findLastIndex((sample) => sample !== 0) + 1);
}

/** Which share of the energy of a frame lies at one frequency (Goertzel 1958). */
function shareOf(frame: Int16Array, hz: number, sampleRateHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  let before = 0;
  let last = 0;
  let energy = 0;
  for (const sample of frame) {
    const next = sample + coefficient * last - before;
    before = last;
    last = next;
    energy += sample * sample;
  }
  const power = last * last + before * before - coefficient * last * before;
  // A sine alone has n / 2 times its energy there.
  return energy === 0 ? 0 : power / ((frame.length / 2) * energy);
}
