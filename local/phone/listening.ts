import { align } from './align.ts';
import { concatenate, resampledPieces } from './converted-speech.ts';
import { isSilentLevel, rms } from './level.ts';
import { PHONE_FRAME_MS } from './phone.ts';
import type { Sound } from './step.ts';

/** How much louder a frequency must be than everything else of a frame together to stand out: half of the energy. */
const LEAST_SHARE = 0.5;
/** A recording is looked for this often, since comparing takes time. */
const LOOK_EVERY_FRAMES = 10;
/** Of what is heard, the newest part that a recording is looked for in. */
const MAX_SEARCHED_MS = 60_000;

/** Waits for one sound in what is heard, frame by frame. */
export class Listening {
  readonly #sound: Sound;
  readonly #sampleRateHz: number;
  /** A recording that is listened for is converted while the first frames come in, a piece with each. */
  readonly #unconverted: Iterator<Int16Array> & Iterable<Int16Array>;
  readonly #converted: Int16Array[] = [];
  #expected: Int16Array | undefined;
  /** Everything heard, and the same without the gaps that are there because the application had nothing to say. */
  #frames: Int16Array[] = [];
  #gapless: Int16Array[] = [];
  #soundingMs = 0;
  #silentMs = 0;
  #toneMs = 0;
  #added = 0;
  #found = false;

  constructor(sound: Sound, sampleRateHz: number) {
    this.#sound = sound;
    this.#sampleRateHz = sampleRateHz;
    const { samples, sampleRateHz: fromHz } =
      sound.type === 'recording' ? sound.audio : { samples: new Int16Array(), sampleRateHz };
    this.#unconverted = resampledPieces(samples, fromHz, sampleRateHz);
  }

  /** Takes in 20 ms, of which the application sent the first `fromApplication` samples. */
  add(frame: Int16Array, fromApplication: number): void {
    if (this.#found) return;
    const silent = isSilentLevel(rms(frame));
    this.#silentMs = silent ? this.#silentMs + PHONE_FRAME_MS : 0;
    if (!silent) this.#soundingMs += PHONE_FRAME_MS;
    this.#added += 1;
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
        this.#keep(frame, fromApplication);
        this.#convertNext();
        if (this.#added % LOOK_EVERY_FRAMES === 0) this.#found = this.#agreement() >= this.#sound.leastDb;
        break;
    }
  }

  get found(): boolean {
    return this.#found;
  }

  /** Looks once more, at the end of the time, and says what was heard instead; undefined where the sound was heard. */
  missing(): string | undefined {
    if (this.#found) return undefined;
    if (this.#sound.type !== 'recording')
      return this.#sound.type === 'tone'
        ? `${this.#soundingMs} ms of sound, of which ${this.#toneMs} ms were that tone`
        : `${this.#soundingMs} ms of sound, and silence for the last ${this.#silentMs} ms`;
    const db = this.#agreement();
    if (db >= this.#sound.leastDb) {
      this.#found = true;
      return undefined;
    }
    const best = Number.isFinite(db) ? `it agrees by ${db.toFixed(1)} dB at best` : 'nothing resembles it';
    return `${this.#soundingMs} ms of sound; ${best}, ${this.#sound.leastDb} dB are needed`;
  }

  #keep(frame: Int16Array, fromApplication: number): void {
    this.#frames.push(frame.slice());
    const gap = frame.subarray(fromApplication).every((sample) => sample === 0);
    const piece = gap ? frame.slice(0, fromApplication) : frame.slice();
    if (piece.length > 0) this.#gapless.push(piece);
    for (const frames of [this.#frames, this.#gapless])
      if (frames.length > MAX_SEARCHED_MS / PHONE_FRAME_MS) frames.shift();
  }

  #convertNext(): void {
    const { done, value } = this.#unconverted.next();
    if (done !== true) this.#converted.push(value);
  }

  #recording(): Int16Array {
    if (this.#expected === undefined) {
      this.#converted.push(...this.#unconverted);
      this.#expected = withoutSilence(concatenate(this.#converted));
      this.#converted.length = 0;
    }
    return this.#expected;
  }

  /**
   * A stalled machine tears gaps into a recording, so the best match without them counts too; the call's report shows
   * gaps.
   */
  #agreement(): number {
    const expected = this.#recording();
    return Math.max(
      ...[this.#frames, this.#gapless].map((frames) => {
        const heard = concatenate(frames);
        return align(expected, heard, heard.length)?.signalToErrorDb ?? Number.NEGATIVE_INFINITY;
      }),
    );
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
