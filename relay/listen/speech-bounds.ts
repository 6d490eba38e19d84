/**
 * Finds when a participant begins and stops speaking. Pure: time is the timestamps of the frames and of `advance`.
 * There is one machine for each participant.
 *
 *     quiet ──minSpeechMs of speech in twice that time──▶ speaking ──frame without speech──▶ pausing
 *       ▲        some of it voiced                          ▲──────frame of speech─────────┘   │
 *       └──────────────────────endSilenceMs without speech─────────────────────────────────────┘
 *
 * Three of the frames that begin speech are voiced; of a `minSpeechMs` with fewer than five frames, half of them. So a
 * noise begins nothing, however loud it is, and speech that begins with a hiss begins with its hiss. Speech goes on
 * while frames of speech follow a voiced one within 300 ms, so a noise does not go on with it either.
 *
 * Frames that are missing count as frames without speech. Where they come after all, later than time was let pass, the
 * speech goes on with the first of them: nothing between has been silent.
 */
import { AUDIO_FORMATS, type AudioFormat, FRAME_MS } from '../../shared/audio/audio-format.ts';
import type { SpeechRules } from '../../shared/call/plan.ts';
import { VOICE_LASTS_MS, VOICED_FRAMES, type Voice } from './voice-activity.ts';

export type SpeechEvent =
  /** `timestamp`: the first sample of speech. `latencyMs`: from there to the end of the audio that made it certain. */
  | { readonly type: 'speechStarted'; readonly timestamp: number; readonly latencyMs: number }
  /** `timestamp`: the sample after the last one of speech. `durationMs`: from the first one to there. */
  | { readonly type: 'speechEnded'; readonly timestamp: number; readonly durationMs: number };

/** The port through which the rest of a session learns who begins and who stops speaking. */
export interface SpeechListener {
  /**
   * A participant speaks. `ssrc`: the participant's number, 0 when the call is mixed. `timestamp`: the first sample
   * of speech since the stream's start. It lies `latencyMs` in the past (at least the shortest speech that counts,
   * unless late frames go on with speech that had ended), because the detector needs that long to be sure.
   */
  onSpeechStarted(ssrc: number, timestamp: number, latencyMs: number): void;
  /**
   * The participant has been silent for as long as ends an utterance. `timestamp`: the sample after the last sample of
   * speech. `durationMs`: from the first sample of speech to there. Every start has one end, at the latest when the
   * stream ends.
   */
  onSpeechEnded(ssrc: number, timestamp: number, durationMs: number): void;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly isVoiced: boolean;
}

export class SpeechBounds {
  readonly #samplesPerMs: number;
  readonly #minSpeech: number;
  readonly #minVoiced: number;
  readonly #endSilence: number;
  readonly #voiceLasts: number;
  /** How far back the beginning of speech may lie when it becomes certain, in samples. */
  readonly windowSamples: number;
  #state: 'quiet' | 'speaking' | 'pausing' = 'quiet';
  /** While quiet: the speech in the window. */
  readonly #recent: Span[] = [];
  #onset = 0;
  /** The sample after the last one of speech. */
  #speechEnd = 0;
  /** The sample after the last voiced frame. */
  #voicedEnd = 0;

  constructor(format: AudioFormat, { minSpeechMs, endSilenceMs }: SpeechRules) {
    this.#samplesPerMs = AUDIO_FORMATS[format].sampleRateHz / 1000;
    this.#minSpeech = minSpeechMs * this.#samplesPerMs;
    this.#minVoiced = Math.min(VOICED_FRAMES, Math.ceil(minSpeechMs / FRAME_MS / 2));
    this.#endSilence = endSilenceMs * this.#samplesPerMs;
    this.#voiceLasts = VOICE_LASTS_MS * this.#samplesPerMs;
    // A pause between the beginning of speech and the moment of certainty must be shorter than one that ends speech.
    this.windowSamples = this.#minSpeech + Math.min(this.#minSpeech, this.#endSilence - 1);
  }

  get isSpeaking(): boolean {
    return this.#state !== 'quiet';
  }

  /** Takes the next frame of this participant: the samples from `from` up to `to`. Time never goes back. */
  hear(
    { isSpeech, isVoiced }: Pick<Voice, 'isSpeech' | 'isVoiced'>,
    from: number,
    to: number,
  ): SpeechEvent | undefined {
    if (isVoiced) this.#voicedEnd = to;
    switch (this.#state) {
      case 'quiet':
        if (!isSpeech) return undefined;
        return this.#goesOn(from) ? this.#begin(from, to) : this.#listen({ from, to, isVoiced });
      case 'speaking':
      case 'pausing':
        return this.#follow(isSpeech && to - this.#voicedEnd <= this.#voiceLasts, to);
    }
  }

  /** The stream has come to `position`, in samples; this participant's audio before it no longer counts. */
  advance(position: number): SpeechEvent | undefined {
    const isOver = this.#state !== 'quiet' && position - this.#speechEnd >= this.#endSilence;
    return isOver ? this.flush() : undefined;
  }

  /** The stream is over: a participant who speaks has finished. */
  flush(): SpeechEvent | undefined {
    if (!this.isSpeaking) return undefined;
    this.#state = 'quiet';
    const timestamp = this.#speechEnd;
    return { type: 'speechEnded', timestamp, durationMs: (timestamp - this.#onset) / this.#samplesPerMs };
  }

  #follow(isSpeech: boolean, to: number): SpeechEvent | undefined {
    if (isSpeech) this.#speechEnd = to;
    this.#state = isSpeech ? 'speaking' : 'pausing';
    return this.advance(to);
  }

  /** Speech has ended by time that passed, and the audio has no silence long enough for that. */
  #goesOn(from: number): boolean {
    const isVoice = from - this.#voicedEnd <= this.#voiceLasts;
    return this.#speechEnd > 0 && isVoice && from - this.#speechEnd < this.#endSilence;
  }

  #listen(frame: Span): SpeechEvent | undefined {
    const recent = this.#recent;
    const { to } = frame;
    recent.push(frame);
    while ((recent[0]?.from ?? to) < to - this.windowSamples) recent.shift();
    let speech = 0;
    let voiced = 0;
    for (const span of recent) {
      speech += span.to - span.from;
      if (span.isVoiced) voiced += 1;
    }
    if (speech < this.#minSpeech || voiced < this.#minVoiced) return undefined;
    return this.#begin(recent[0]?.from ?? frame.from, to);
  }

  #begin(onset: number, to: number): SpeechEvent {
    this.#recent.length = 0;
    this.#state = 'speaking';
    this.#onset = onset;
    this.#speechEnd = to;
    return { type: 'speechStarted', timestamp: onset, latencyMs: (to - onset) / this.#samplesPerMs };
  }
}
