/**
 * Finds where somebody begins and ends to speak, and gives what he said as utterances. Pure: time is the timestamps of the
 * audio and of `advance`. One machine for each participant.
 *
 *     quiet ──minSpeechMs of speech within twice that time──▶ speaking ──frame without speech──▶ pausing
 *       ▲                                                        ▲──────frame of speech─────────┘   │
 *       └───────────────────────endSilenceMs without speech────────────────────────────────────────┘
 *
 * An utterance begins `preRollMs` before the first speech, since a word's beginning is too quiet to be found, and ends
 * `HANGOVER_MS` after the last, since its end is too. One that would be longer than `maxMs` is cut at the quietest place of
 * its second half, and goes on in the next one. Audio that is missing inside of an utterance becomes silence, so that what
 * is said keeps its place on the timeline.
 */
import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE } from './audio-format.ts';
import type { Voice } from './voice-activity.ts';

/** Audio after the last frame of speech that belongs to the utterance. */
export const HANGOVER_MS = 100;

export interface EndpointingRules {
  /** Less speech than this is a click or a cough. */
  readonly minSpeechMs: number;
  /** Silence that ends an utterance. */
  readonly endSilenceMs: number;
  /** Longest utterance. */
  readonly maxMs: number;
  /** Audio before the first frame of speech that belongs to the utterance. */
  readonly preRollMs: number;
}

export interface Utterance {
  /** PCM16 mono; a copy that belongs to the taker. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  /** False when it goes on from the utterance before it, which had grown too long. */
  readonly isBeginning: boolean;
  readonly ms: number;
}

export type EndpointEvent =
  /** `timestamp`: the first sample of speech; `latencyMs`: from there to the end of the audio that made it sure. */
  | { readonly type: 'speechStarted'; readonly timestamp: number; readonly latencyMs: number }
  /** `timestamp`: the sample after the last one of speech; `durationMs`: from the first one to there. */
  | { readonly type: 'speechEnded'; readonly timestamp: number; readonly durationMs: number }
  | { readonly type: 'utterance'; readonly utterance: Utterance };

export interface SpokenFrame {
  /** Kept, not copied: nobody may change it afterwards. */
  readonly pcm: Uint8Array;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  readonly voice: Voice;
}

type State = 'quiet' | 'speaking' | 'pausing';

const NOTHING: readonly EndpointEvent[] = [];

export class Endpointing {
  readonly #samplesPerMs: number;
  readonly #minSpeech: number;
  readonly #window: number;
  readonly #endSilence: number;
  readonly #longest: number;
  readonly #preRoll: number;
  readonly #hangover: number;
  #state: State = 'quiet';
  /** While quiet: what may still become part of an utterance. Else: the utterance so far. */
  #frames: SpokenFrame[] = [];
  /** The sample after the newest audio. */
  #end = 0;
  /** First sample of speech, and the sample after the last one. */
  #onset = 0;
  #speechEnd = 0;
  #isBeginning = true;
  #lateFrames = 0;

  /** @throws RangeError when the longest utterance has no room for its pre-roll, its shortest speech and its silence. */
  constructor(format: AudioFormat, rules: EndpointingRules) {
    const { minSpeechMs, endSilenceMs, maxMs, preRollMs } = rules;
    const leastMs = preRollMs + 2 * minSpeechMs + endSilenceMs;
    if (maxMs < leastMs) {
      throw new RangeError(
        `an utterance of at most ${maxMs} ms cannot hold pre-roll, twice the shortest speech and end silence, which take ${leastMs} ms`,
      );
    }
    this.#samplesPerMs = AUDIO_FORMATS[format].sampleRateHz / 1000;
    this.#minSpeech = minSpeechMs * this.#samplesPerMs;
    this.#endSilence = endSilenceMs * this.#samplesPerMs;
    // Less than the silence that ends an utterance fits between the first speech and the moment that makes it sure.
    this.#window = this.#minSpeech + Math.min(this.#minSpeech, this.#endSilence - 1);
    this.#longest = maxMs * this.#samplesPerMs;
    this.#preRoll = preRollMs * this.#samplesPerMs;
    this.#hangover = Math.min(HANGOVER_MS, endSilenceMs) * this.#samplesPerMs;
  }

  get isSpeaking(): boolean {
    return this.#state !== 'quiet';
  }

  /** Frames that were not used because later audio had already come. */
  get lateFrames(): number {
    return this.#lateFrames;
  }

  /** Takes the next frame of this participant. */
  push(frame: SpokenFrame): readonly EndpointEvent[] {
    if (frame.timestamp < this.#end) {
      this.#lateFrames += 1;
      return NOTHING;
    }
    const before = this.advance(frame.timestamp);
    const events = this.#state === 'quiet' ? this.#listen(frame) : this.#goOn(frame);
    return before.length === 0 ? events : [...before, ...events];
  }

  /** The stream has come to `position`, in samples, and nothing more of this participant before it is expected. */
  advance(position: number): readonly EndpointEvent[] {
    switch (this.#state) {
      case 'quiet':
        return NOTHING;
      case 'speaking':
      case 'pausing':
        return position - this.#speechEnd >= this.#endSilence ? this.#finish() : NOTHING;
    }
  }

  /** The stream is over: whoever speaks has finished. */
  flush(): readonly EndpointEvent[] {
    return this.#state === 'quiet' ? NOTHING : this.#finish();
  }

  #listen(frame: SpokenFrame): readonly EndpointEvent[] {
    this.#append(frame);
    this.#forgetBefore(this.#end - this.#window - this.#preRoll);
    if (!frame.voice.isSpeech) return NOTHING;
    const windowStart = this.#end - this.#window;
    const speech = this.#frames.filter(({ voice, timestamp }) => voice.isSpeech && timestamp >= windowStart);
    const onset = speech[0]?.timestamp ?? frame.timestamp;
    if (speech.reduce((sum, each) => sum + lengthOf(each), 0) < this.#minSpeech) return NOTHING;
    this.#state = 'speaking';
    this.#onset = onset;
    this.#speechEnd = this.#end;
    this.#isBeginning = true;
    this.#forgetBefore(onset - this.#preRoll);
    const latencyMs = (this.#end - onset) / this.#samplesPerMs;
    return [{ type: 'speechStarted', timestamp: onset, latencyMs }];
  }

  #goOn(frame: SpokenFrame): readonly EndpointEvent[] {
    const cut: EndpointEvent[] = [];
    while (this.#lengthWith(frame) > this.#longest) cut.push(...this.#cut());
    this.#append(frame);
    this.#state = frame.voice.isSpeech ? 'speaking' : 'pausing';
    if (frame.voice.isSpeech) this.#speechEnd = this.#end;
    return this.#state === 'pausing' ? [...cut, ...this.advance(this.#end)] : cut;
  }

  /** Gives the utterance up to its quietest place; the rest is the beginning of the next one. */
  #cut(): readonly EndpointEvent[] {
    const rest = this.#frames.splice(quietestPlace(this.#frames));
    const events = this.#utter(this.#frames);
    this.#frames = rest;
    return events;
  }

  #finish(): readonly EndpointEvent[] {
    const timestamp = this.#speechEnd;
    const durationMs = (timestamp - this.#onset) / this.#samplesPerMs;
    const last = this.#frames.findIndex((frame) => frame.timestamp >= timestamp + this.#hangover);
    const said = last < 0 ? this.#frames.splice(0) : this.#frames.splice(0, last);
    this.#state = 'quiet';
    return [{ type: 'speechEnded', timestamp, durationMs }, ...this.#utter(said)];
  }

  /** What was cut off may leave a rest without speech, which nobody needs. */
  #utter(frames: readonly SpokenFrame[]): readonly EndpointEvent[] {
    const [first] = frames;
    if (first === undefined || !frames.some(({ voice }) => voice.isSpeech)) return NOTHING;
    const bytes = join(frames, first.timestamp);
    const ms = bytes.byteLength / BYTES_PER_SAMPLE / this.#samplesPerMs;
    const utterance = { bytes, timestamp: first.timestamp, isBeginning: this.#isBeginning, ms };
    this.#isBeginning = false;
    return [{ type: 'utterance', utterance }];
  }

  #append(frame: SpokenFrame): void {
    this.#frames.push(frame);
    this.#end = endOf(frame);
  }

  #forgetBefore(timestamp: number): void {
    const kept = this.#frames.findIndex((frame) => frame.timestamp >= timestamp);
    this.#frames.splice(0, kept < 0 ? this.#frames.length : kept);
  }

  #lengthWith(frame: SpokenFrame): number {
    const [first] = this.#frames;
    return first === undefined ? 0 : endOf(frame) - first.timestamp;
  }
}

/** The index in the second half before which the least is heard: a place where audio is missing, else the quietest frame. */
function quietestPlace(frames: readonly SpokenFrame[]): number {
  let place = frames.length;
  let quietest = Number.POSITIVE_INFINITY;
  for (let i = Math.max(1, Math.ceil(frames.length / 2)); i < frames.length; i += 1) {
    const [before, frame] = [frames[i - 1], frames[i]];
    if (before === undefined || frame === undefined) continue;
    const level = frame.timestamp > endOf(before) ? Number.NEGATIVE_INFINITY : frame.voice.levelDb;
    if (level > quietest) continue;
    quietest = level;
    place = i;
  }
  return place;
}

/** The frames in one piece; what is missing between two of them is silence. */
function join(frames: readonly SpokenFrame[], start: number): Uint8Array<ArrayBuffer> {
  const last = frames.at(-1);
  const bytes = new Uint8Array((last === undefined ? 0 : endOf(last) - start) * BYTES_PER_SAMPLE);
  for (const { pcm, timestamp } of frames) bytes.set(pcm, (timestamp - start) * BYTES_PER_SAMPLE);
  return bytes;
}

function lengthOf({ pcm }: SpokenFrame): number {
  return pcm.byteLength / BYTES_PER_SAMPLE;
}

function endOf(frame: SpokenFrame): number {
  return frame.timestamp + lengthOf(frame);
}
