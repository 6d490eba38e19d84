/**
 * Cuts what a participant says into utterances. Pure: time is the timestamps of the audio and of `advance`.
 * `SpeechBounds` finds out when somebody speaks; this class gathers the audio around it:
 *
 *     … | pre-roll | speech   pause   speech | hangover | …
 *       ^ the utterance begins               its end     ^
 *
 * The beginning and end of a word are too quiet to detect, hence pre-roll and hangover. An utterance longer than
 * `maxMs` is cut at the quietest place of its second half and goes on in the next utterance. Missing audio inside an
 * utterance becomes silence, so that every word keeps its place on the timeline.
 */
import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';
import { type EndpointingRules, shortestMaxMs } from '../../shared/call/plan.ts';
import { SpeechBounds, type SpeechEvent } from './speech-bounds.ts';
import type { Voice } from './voice-activity.ts';

/** Audio after the last frame of speech that belongs to the utterance. */
const HANGOVER_MS = 200;

export interface CutUtterance {
  /** PCM16 mono; a copy that belongs to the receiver. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  /** False when it continues the utterance before it, which had grown too long. */
  readonly isBeginning: boolean;
  readonly ms: number;
}

export type EndpointEvent = SpeechEvent | { readonly type: 'utterance'; readonly utterance: CutUtterance };

interface SpokenFrame {
  readonly pcm: Uint8Array;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  readonly voice: Voice;
}

export class Endpointing {
  readonly #samplesPerMs: number;
  readonly #longest: number;
  readonly #preRoll: number;
  readonly #hangover: number;
  readonly #bounds: SpeechBounds;
  /** While nobody speaks: audio that may still become part of an utterance. Otherwise: the utterance so far. */
  #frames: SpokenFrame[] = [];
  /** The sample after the newest audio. */
  #end = 0;
  #isBeginning = true;
  #lateFrames = 0;
  #bytes = 0;

  /**
   * @throws RangeError when the longest utterance has no room for its pre-roll, its shortest speech and its silence.
   */
  constructor(format: AudioFormat, rules: EndpointingRules) {
    const leastMs = shortestMaxMs(rules);
    if (rules.maxMs < leastMs) {
      throw new RangeError(
        `an utterance of at most ${rules.maxMs} ms cannot hold pre-roll, twice the shortest speech and end silence, which take ${leastMs} ms`,
      );
    }
    this.#samplesPerMs = AUDIO_FORMATS[format].sampleRateHz / 1000;
    this.#longest = rules.maxMs * this.#samplesPerMs;
    this.#preRoll = rules.preRollMs * this.#samplesPerMs;
    this.#hangover = Math.min(HANGOVER_MS, rules.endSilenceMs) * this.#samplesPerMs;
    this.#bounds = new SpeechBounds(format, rules);
  }

  get isSpeaking(): boolean {
    return this.#bounds.isSpeaking;
  }

  /** Audio that it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that came after later audio and were not used. */
  get lateFrames(): number {
    return this.#lateFrames;
  }

  /** Takes the next frame of this participant, and copies its audio. */
  push(frame: SpokenFrame): EndpointEvent[] {
    if (frame.timestamp < this.#end) {
      this.#lateFrames += 1;
      return [];
    }
    const events = this.advance(frame.timestamp);
    while (this.isSpeaking && this.#lengthWith(frame) > this.#longest) events.push(...this.#cut());
    this.#frames.push({ ...frame, pcm: new Uint8Array(frame.pcm) });
    this.#bytes += frame.pcm.byteLength;
    this.#end = endOf(frame);
    events.push(...this.#follow(this.#bounds.hear(frame.voice, frame.timestamp, this.#end)));
    if (!this.isSpeaking) this.#forgetBefore(this.#end - this.#bounds.windowSamples - this.#preRoll);
    return events;
  }

  /** The stream has come to `position`, in samples; this participant's audio before it no longer counts. */
  advance(position: number): EndpointEvent[] {
    return this.#follow(this.#bounds.advance(position));
  }

  /** The stream is over: a participant who speaks has finished. */
  flush(): EndpointEvent[] {
    return this.#follow(this.#bounds.flush());
  }

  /** Forgets all audio that it holds, as there is no room for it. Who speaks is still speaking. */
  forget(): void {
    this.#takeFirst(this.#frames.length);
  }

  #follow(event: SpeechEvent | undefined): EndpointEvent[] {
    switch (event?.type) {
      case undefined:
        return [];
      case 'speechStarted':
        this.#isBeginning = true;
        this.#forgetBefore(event.timestamp - this.#preRoll);
        return [event];
      case 'speechEnded': {
        const said = this.#framesBefore(event.timestamp + this.#hangover);
        return [event, ...this.#utter(this.#takeFirst(said))];
      }
    }
  }

  /** Returns the utterance up to its quietest place; the rest begins the next one. */
  #cut(): EndpointEvent[] {
    return this.#utter(this.#takeFirst(quietestPlace(this.#frames)));
  }

  /** Cutting may leave a rest without speech, which nobody needs. */
  #utter(frames: readonly SpokenFrame[]): EndpointEvent[] {
    const [first] = frames;
    if (first === undefined || !frames.some(({ voice }) => voice.isSpeech)) return [];
    const bytes = join(frames, first.timestamp);
    const ms = bytes.byteLength / BYTES_PER_SAMPLE / this.#samplesPerMs;
    const utterance = { bytes, timestamp: first.timestamp, isBeginning: this.#isBeginning, ms };
    this.#isBeginning = false;
    return [{ type: 'utterance', utterance }];
  }

  #forgetBefore(timestamp: number): void {
    this.#takeFirst(this.#framesBefore(timestamp));
  }

  #takeFirst(count: number): SpokenFrame[] {
    const taken = this.#frames.splice(0, count);
    for (const { pcm } of taken) this.#bytes -= pcm.byteLength;
    return taken;
  }

  /** How many frames begin before this sample. */
  #framesBefore(timestamp: number): number {
    const next = this.#frames.findIndex((frame) => frame.timestamp >= timestamp);
    return next < 0 ? this.#frames.length : next;
  }

  #lengthWith(frame: SpokenFrame): number {
    const [first] = this.#frames;
    return first === undefined ? 0 : endOf(frame) - first.timestamp;
  }
}

/** The index in the second half at which to cut: where audio is missing, or else before the quietest frame. */
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

/** Joins the frames; fills what is missing between two of them with silence. */
function join(frames: readonly SpokenFrame[], start: number): Uint8Array<ArrayBuffer> {
  const last = frames.at(-1);
  const bytes = new Uint8Array((last === undefined ? 0 : endOf(last) - start) * BYTES_PER_SAMPLE);
  for (const { pcm, timestamp } of frames) bytes.set(pcm, (timestamp - start) * BYTES_PER_SAMPLE);
  return bytes;
}

function endOf({ pcm, timestamp }: SpokenFrame): number {
  return timestamp + pcm.byteLength / BYTES_PER_SAMPLE;
}
