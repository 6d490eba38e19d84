/**
 * Whether a frame holds a voice: a sound that is periodic as vocal cords are, and never quite still. Level alone takes a fan,
 * a hum or a ring tone for speech when it begins; none of them is a voice. Pure and without garbage: one object for each
 * participant, with memory that it uses again.
 *
 *     20 ms ─▶ low-pass, down to 4 kHz ─▶ high-pass 80 Hz ─▶ the last 40 ms ─▶ linear prediction ─▶ what it cannot predict,
 *     which repeats itself at the pitch of a voice, and does not in noise. What it predicts too well is a tone.
 *
 * Speech of every language is voiced in its vowels, so that a word has a voiced frame soon; a whisper never has one.
 * Values and their measurement: `docs/decisions/0013-voice-activity-detector.md`.
 */
import type { AudioFormat } from '../../shared/audio/audio-format.ts';

/** The rate at which pitch is looked for, in Hz. */
const RATE_HZ = 4_000;
const FRAME = 80;
const WINDOW = 2 * FRAME;
/** Periods of a voice: 2.5 to 14 ms, which is 400 down to 71 Hz. */
const SHORTEST_LAG = 10;
const LONGEST_LAG = 56;
/** How much of the window is compared with what lies one period before it. */
const COMPARED = WINDOW - LONGEST_LAG;
/** Correlation from which a window is periodic. */
const PERIODIC = 0.5;
const ORDER = 4;
/** A window that prediction makes weaker by this much is a tone or a hum. */
const TONE_GAIN_DB = 32;
/** A sound whose levels change by less than this from one frame to the next is still: a hum or a tone. */
const STILL_DB = 0.6;
/** The low-pass passes voices up to here, in Hz. */
const PASS_HZ = 1_200;
const TAPS_PER_FACTOR = 6;
const HIGH_PASS_HZ = 80;
const QUIETEST = 1e-3;
/** A Hann window. */
const FADE = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW));

export class Voicing {
  readonly #factor: number;
  readonly #taps: Float64Array;
  /** Samples of the frames before, then those of this one, at the rate of the call. */
  readonly #input: Float64Array;
  /** The window at 4 kHz, the older half first. */
  readonly #window = new Float64Array(WINDOW);
  /** The window with its edges faded, so that prediction does not see them. */
  readonly #faded = new Float64Array(WINDOW);
  readonly #residual = new Float64Array(WINDOW);
  readonly #autocorrelation = new Float64Array(ORDER + 1);
  readonly #predictor = new Float64Array(ORDER + 1);
  readonly #previous = new Float64Array(ORDER + 1);
  readonly #highPass = { x1: 0, y1: 0, x2: 0, y2: 0 };
  readonly #levels = new Float64Array(3);
  readonly #before = new Float64Array(3);

  constructor(format: AudioFormat) {
    this.#factor = format === 'pcm24KMono' ? 6 : 4;
    this.#taps = lowPassTaps(this.#factor);
    this.#input = new Float64Array(this.#taps.length - 1 + FRAME * this.#factor);
  }

  /**
   * Takes the next frame. Where `isAsked` is false the frame is only remembered, which costs a fraction, and the answer is
   * false: it is not worth while for frames that are too quiet to be speech.
   */
  hear(pcm: Int16Array, isAsked: boolean): boolean {
    this.#remember(pcm);
    this.#decimate();
    if (!isAsked) return false;
    this.#measure(pcm);
    return this.#isLively() && this.#isPeriodic();
  }

  #remember(pcm: Int16Array): void {
    const history = this.#taps.length - 1;
    this.#input.copyWithin(0, this.#input.length - history);
    for (let i = 0; i < pcm.length; i += 1) this.#input[history + i] = pcm[i] ?? 0;
  }

  #decimate(): void {
    const window = this.#window;
    window.copyWithin(0, FRAME);
    const taps = this.#taps;
    const input = this.#input;
    const state = this.#highPass;
    const keep = 1 - (2 * Math.PI * HIGH_PASS_HZ) / RATE_HZ;
    for (let i = 0; i < FRAME; i += 1) {
      const at = i * this.#factor;
      let sum = 0;
      for (let k = 0; k < taps.length; k += 1) sum += (taps[k] ?? 0) * (input[at + k] ?? 0);
      const once = keep * (state.y1 + sum - state.x1);
      state.x1 = sum;
      state.y1 = once;
      const twice = keep * (state.y2 + once - state.x2);
      state.x2 = once;
      state.y2 = twice;
      window[FRAME + i] = twice;
    }
  }

  #measure(pcm: Int16Array): void {
    const levels = this.#levels;
    this.#before.set(levels);
    let whole = 0;
    let change = 0;
    let last = pcm[0] ?? 0;
    for (let i = 0; i < pcm.length; i += 1) {
      const sample = pcm[i] ?? 0;
      whole += sample * sample;
      change += (sample - last) * (sample - last);
      last = sample;
    }
    let low = 0;
    for (let i = FRAME; i < WINDOW; i += 1) low += (this.#window[i] ?? 0) ** 2;
    levels[0] = decibels(whole / pcm.length);
    levels[1] = decibels(low / FRAME);
    levels[2] = decibels(change / pcm.length);
  }

  #isLively(): boolean {
    let change = 0;
    for (let i = 0; i < 3; i += 1) change += Math.abs((this.#levels[i] ?? 0) - (this.#before[i] ?? 0));
    return change / 3 > STILL_DB;
  }

  #isPeriodic(): boolean {
    const gainDb = this.#predict();
    if (gainDb >= TONE_GAIN_DB) return false;
    return this.#bestCorrelation() > PERIODIC;
  }

  /** Linear prediction (Levinson and Durbin); leaves what it cannot predict, smoothed, in the residual. @returns its gain in dB */
  #predict(): number {
    const window = this.#window;
    const faded = this.#faded;
    for (let i = 0; i < WINDOW; i += 1) faded[i] = (window[i] ?? 0) * (FADE[i] ?? 0);
    const r = this.#autocorrelation;
    for (let lag = 0; lag <= ORDER; lag += 1) {
      let sum = 0;
      for (let i = lag; i < WINDOW; i += 1) sum += (faded[i] ?? 0) * (faded[i - lag] ?? 0);
      r[lag] = sum;
    }
    const power = (r[0] ?? 0) + QUIETEST;
    const a = this.#predictor.fill(0);
    a[0] = 1;
    let error = power;
    for (let order = 1; order <= ORDER; order += 1) {
      let sum = r[order] ?? 0;
      for (let i = 1; i < order; i += 1) sum += (a[i] ?? 0) * (r[order - i] ?? 0);
      const reflection = -sum / error;
      this.#previous.set(a);
      for (let i = 1; i < order; i += 1) a[i] = (this.#previous[i] ?? 0) + reflection * (this.#previous[order - i] ?? 0);
      a[order] = reflection;
      error *= 1 - reflection * reflection;
    }
    const [, a1 = 0, a2 = 0, a3 = 0, a4 = 0] = a;
    const residual = this.#residual;
    let x1 = 0;
    let x2 = 0;
    let x3 = 0;
    let x4 = 0;
    let e1 = 0;
    let e2 = 0;
    for (let i = 0; i < WINDOW; i += 1) {
      const x = window[i] ?? 0;
      const e = x + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4;
      residual[i] = e + 2 * e1 + e2;
      e2 = e1;
      e1 = e;
      x4 = x3;
      x3 = x2;
      x2 = x1;
      x1 = x;
    }
    return 10 * Math.log10(power / Math.max(error, QUIETEST));
  }

  #bestCorrelation(): number {
    const residual = this.#residual;
    let now = 0;
    for (let i = LONGEST_LAG; i < WINDOW; i += 1) now += (residual[i] ?? 0) ** 2;
    let best = 0;
    let then = 0;
    for (let i = LONGEST_LAG - SHORTEST_LAG; i < WINDOW - SHORTEST_LAG; i += 1) then += (residual[i] ?? 0) ** 2;
    for (let lag = SHORTEST_LAG; lag <= LONGEST_LAG; lag += 1) {
      const from = LONGEST_LAG - lag;
      let cross = 0;
      for (let i = 0; i < COMPARED; i += 1) cross += (residual[LONGEST_LAG + i] ?? 0) * (residual[from + i] ?? 0);
      const alike = cross / (Math.sqrt(now * then) + QUIETEST);
      if (alike > best) best = alike;
      // The window one period before moves back by one sample.
      if (from > 0) then += (residual[from - 1] ?? 0) ** 2 - (residual[from - 1 + COMPARED] ?? 0) ** 2;
    }
    return best;
  }
}

function decibels(power: number): number {
  return 10 * Math.log10(power + 1);
}

/** A windowed sinc (Hann) for the way from the rate of the call down to 4 kHz. */
function lowPassTaps(factor: number): Float64Array {
  const length = TAPS_PER_FACTOR * factor + 1;
  const cutoff = PASS_HZ / (RATE_HZ * factor);
  const middle = (length - 1) / 2;
  const taps = Float64Array.from({ length }, (_, i) => {
    const x = i - middle;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (middle + 1)));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
