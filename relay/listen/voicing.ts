/**
 * Whether a frame holds a voice: a sound that is periodic as vocal cords are, and never quite still. Level alone takes
 * a fan, a hum or a ring tone for speech when it begins; none of them is a voice. One object for each participant, with
 * memory that it uses again.
 *
 *     the last 40 ms ─▶ low-pass, down to 4 kHz ─▶ high-pass 80 Hz ─▶ linear prediction ─▶ what it cannot predict,
 *     which repeats itself at the pitch of a voice, and does not in noise. What it predicts too well is a tone.
 *
 * Speech of every language is voiced in its vowels, so a word soon has a voiced frame; a whisper never has one.
 * A frame costs next to nothing until somebody asks about it, and the answer depends on nothing but the last 42 ms.
 * Values and their measurement: `docs/decisions/0013-voice-activity-detector.md`.
 */
import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';

/** The rate at which pitch is looked for, in Hz. */
const RATE_HZ = 4_000;
/** 20 ms at this rate. */
const FRAME = 80;
const WINDOW = 2 * FRAME;
/** Periods of a voice in samples: 2.5 to 14.25 ms, which is 400 down to 70 Hz. Their number is a multiple of four. */
const SHORTEST_LAG = 10;
const LONGEST_LAG = 57;
/** How much of the window is compared with what lies one period before it. */
const COMPARED = WINDOW - LONGEST_LAG;
/** Correlation above which a window is periodic. */
const PERIODIC = 0.55;
/** A window that prediction makes weaker by this much is a tone or a hum. */
const TONE_GAIN_DB = 32;
const TONE_GAIN = 10 ** (TONE_GAIN_DB / 10);
/** A sound whose levels change by less than this from one frame to the next is still: a hum or a tone. */
const STILL_DB = 0.6;
/** The low-pass passes voices up to here, in Hz. */
const PASS_HZ = 1_200;
/** Taps on each side of the middle one, for each step of the way down. */
const TAPS_PER_FACTOR = 3;
const HIGH_PASS_HZ = 80;
const HIGH_PASS = 1 - (2 * Math.PI * HIGH_PASS_HZ) / RATE_HZ;
const ORDER = 4;
/** Power that keeps digital silence from being divided by. */
const QUIETEST = 1e-3;
/** A Hann window. */
const FADE = Float64Array.from(
  { length: WINDOW },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW),
);

export class Voicing {
  readonly #factor: number;
  /** The half of the low-pass up to its middle tap, which is the last; the other half is the same. */
  readonly #taps: Float64Array;
  /** The last two frames, and as many samples before them as the low-pass looks back at. */
  readonly #heard: Int16Array;
  readonly #samples: Float64Array;
  /** The window at 4 kHz, the older frame first. */
  readonly #window = new Float64Array(WINDOW);
  /** The window with its edges faded, so that prediction does not see them. */
  readonly #faded = new Float64Array(WINDOW);
  readonly #residual = new Float64Array(WINDOW);
  readonly #autocorrelation = new Float64Array(ORDER + 1);
  readonly #predictor = new Float64Array(ORDER + 1);
  readonly #previous = new Float64Array(ORDER + 1);

  constructor(format: AudioFormat) {
    const { sampleRateHz, frameSamples } = AUDIO_FORMATS[format];
    this.#factor = sampleRateHz / RATE_HZ;
    this.#taps = lowPassTaps(this.#factor);
    this.#heard = new Int16Array(2 * (this.#taps.length - 1) + 2 * frameSamples);
    this.#samples = new Float64Array(this.#heard.length);
  }

  /** Takes the next samples, 20 ms of them, and does nothing with them yet. */
  hear(samples: Int16Array): void {
    const heard = this.#heard;
    const newest = samples.length > heard.length ? samples.subarray(-heard.length) : samples;
    heard.copyWithin(0, newest.length);
    heard.set(newest, heard.length - newest.length);
  }

  /** Whether the last frame is voiced. Asking costs a few microseconds. */
  isVoiced(): boolean {
    this.#samples.set(this.#heard);
    this.#decimate();
    return this.#isLively() && !this.#isTone() && this.#isPeriodic();
  }

  #decimate(): void {
    const samples = this.#samples;
    const taps = this.#taps;
    const middle = taps.length - 1;
    const middleTap = taps[middle] ?? 0;
    let x1 = 0;
    let y1 = 0;
    let y2 = 0;
    for (let i = 0; i < WINDOW; i += 1) {
      const first = i * this.#factor;
      const last = first + 2 * middle;
      let low = middleTap * (samples[first + middle] ?? 0);
      for (let k = 0; k < middle; k += 1)
        low += (taps[k] ?? 0) * ((samples[first + k] ?? 0) + (samples[last - k] ?? 0));
      // An offset has been there before the window too.
      if (i === 0) x1 = low;
      const once = HIGH_PASS * (y1 + low - x1);
      const twice = HIGH_PASS * (y2 + once - y1);
      x1 = low;
      y1 = once;
      y2 = twice;
      this.#window[i] = twice;
    }
  }

  /** The levels of the whole band, of the low band and of the high one, against those of the frame before. */
  #isLively(): boolean {
    const window = this.#window;
    let lowBefore = 0;
    let lowNow = 0;
    for (let i = 0; i < FRAME; i += 1) {
      lowBefore += (window[i] ?? 0) ** 2;
      lowNow += (window[FRAME + i] ?? 0) ** 2;
    }
    const samples = this.#samples;
    const frame = FRAME * this.#factor;
    const from = samples.length - 2 * frame;
    let wholeBefore = 0;
    let wholeNow = 0;
    let highBefore = 0;
    let highNow = 0;
    let lastBefore = samples[from - 1] ?? 0;
    let lastNow = samples[from + frame - 1] ?? 0;
    for (let i = from; i < from + frame; i += 1) {
      const before = samples[i] ?? 0;
      const now = samples[i + frame] ?? 0;
      wholeBefore += before * before;
      wholeNow += now * now;
      highBefore += (before - lastBefore) * (before - lastBefore);
      highNow += (now - lastNow) * (now - lastNow);
      lastBefore = before;
      lastNow = now;
    }
    const changeDb =
      changeOf(lowBefore / FRAME, lowNow / FRAME) +
      changeOf(wholeBefore / frame, wholeNow / frame) +
      changeOf(highBefore / frame, highNow / frame);
    return changeDb / 3 > STILL_DB;
  }

  /** Linear prediction (Levinson and Durbin); leaves what it cannot predict, smoothed, in the residual. */
  #isTone(): boolean {
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
      for (let i = 1; i < order; i += 1)
        a[i] = (this.#previous[i] ?? 0) + reflection * (this.#previous[order - i] ?? 0);
      a[order] = reflection;
      error *= 1 - reflection * reflection;
    }
    if (power >= TONE_GAIN * error) return true;
    this.#predictionError();
    return false;
  }

  #predictionError(): void {
    const window = this.#window;
    const residual = this.#residual;
    const [, a1 = 0, a2 = 0, a3 = 0, a4 = 0] = this.#predictor;
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
  }

  /** Whether the residual repeats itself after any lag: four lags at a time, which take half the memory accesses. */
  #isPeriodic(): boolean {
    const residual = this.#residual;
    let now = QUIETEST;
    for (let i = LONGEST_LAG; i < WINDOW; i += 1) now += (residual[i] ?? 0) ** 2;
    let then = QUIETEST;
    for (let i = LONGEST_LAG - SHORTEST_LAG; i < WINDOW - SHORTEST_LAG; i += 1)
      then += (residual[i] ?? 0) ** 2;
    for (let lag = SHORTEST_LAG; lag <= LONGEST_LAG; lag += 4) {
      const from = LONGEST_LAG - lag;
      let [c0, c1, c2, c3] = [0, 0, 0, 0];
      let x1 = residual[from - 1] ?? 0;
      let x2 = residual[from - 2] ?? 0;
      let x3 = residual[from - 3] ?? 0;
      for (let i = 0; i < COMPARED; i += 1) {
        const y = residual[LONGEST_LAG + i] ?? 0;
        const x = residual[from + i] ?? 0;
        c0 += y * x;
        c1 += y * x1;
        c2 += y * x2;
        c3 += y * x3;
        x3 = x2;
        x2 = x1;
        x1 = x;
      }
      if (isAlike(c0, now, then)) return true;
      then += this.#windowMoves(from);
      if (isAlike(c1, now, then)) return true;
      then += this.#windowMoves(from - 1);
      if (isAlike(c2, now, then)) return true;
      then += this.#windowMoves(from - 2);
      if (isAlike(c3, now, then)) return true;
      then += this.#windowMoves(from - 3);
    }
    return false;
  }

  /** How the energy changes of what is compared, when its beginning moves from here to one sample before. */
  #windowMoves(from: number): number {
    if (from === 0) return 0;
    return (this.#residual[from - 1] ?? 0) ** 2 - (this.#residual[from - 1 + COMPARED] ?? 0) ** 2;
  }
}

function isAlike(cross: number, now: number, then: number): boolean {
  return cross > 0 && cross * cross > PERIODIC * PERIODIC * now * then;
}

/** How far two powers are apart, in dB; those of less than a quantization step are alike. */
function changeOf(before: number, now: number): number {
  return Math.abs(10 * Math.log10((now + 1) / (before + 1)));
}

/** The first half, with the middle, of a windowed sinc (Hann) for the way from the rate of the call down to 4 kHz. */
function lowPassTaps(factor: number): Float64Array {
  const middle = TAPS_PER_FACTOR * factor;
  const cutoff = PASS_HZ / (RATE_HZ * factor);
  const taps = Float64Array.from({ length: middle + 1 }, (_, i) => {
    const x = i - middle;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (middle + 1)));
  });
  const sum = taps.reduce((total, tap) => total + 2 * tap, -(taps[middle] ?? 0));
  return taps.map((tap) => tap / sum);
}
