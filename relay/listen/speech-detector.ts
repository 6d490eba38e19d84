/**
 * Finds out for a whole call who speaks: judges each frame, and says when a participant begins and stops. In an unmixed
 * call nobody sends frames while silent, so the detector lets time pass for participants whose frames stay away. A
 * mixed call brings frames of silence too: there, frames that stay away say that ACS or the network is held up, and
 * nothing about the caller.
 */
import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { SpeechBounds, type SpeechEvent, type SpeechListener } from './speech-bounds.ts';
import { VoiceActivity } from './voice-activity.ts';
import type { AudioFrame } from './worker-audio.ts';

/** What the relay itself takes for speech, and for its end. */
export const SPEECH_RULES = { minSpeechMs: 120, endSilenceMs: 300 } as const;
/** How often the detector looks at time that passes without frames. */
const TICK_MS = 100;
/** A tick that runs later than this shows that the event loop stalled: frames that came meanwhile are still unread. */
const HELD_UP_MS = 100;
/** How much later than another participant's frames, or than time itself, frames may come without being missed. */
const LATE_MS = 200;
/** After so long without any frame there is nothing left that could end; the next frame starts the ticks again. */
const IDLE_MS = 5_000;
/** How long after the last sample of speech its end is known at the latest, unless frames or the event loop stall. */
export const SPEECH_END_LATENCY_MS = SPEECH_RULES.endSilenceMs + LATE_MS + 2 * TICK_MS;

interface SpeechDetectorOptions {
  readonly format: AudioFormat;
  /** Whether ACS sends a frame every 20 ms whatever happens, as it does for mixed calls. */
  readonly isSteady: boolean;
  readonly clock: Clock;
  readonly speech: SpeechListener;
  /** The stream has come to `position`, in samples, though no frame of some participant says so. */
  readonly onAdvance: (position: number) => void;
}

/** Voice activity detection for one participant. */
interface ParticipantVad {
  readonly activity: VoiceActivity;
  readonly bounds: SpeechBounds;
  /** The sample after the last one heard. */
  end: number;
}

export class SpeechDetector {
  readonly #options: SpeechDetectorOptions;
  readonly #samplesPerMs: number;
  readonly #vads = new Map<number, ParticipantVad>();
  /** How far the frames have come, in samples, and when the newest came. */
  #position = 0;
  #heardAtMs = 0;
  /** When the next tick is due; undefined while there is none. */
  #tickDueMs: number | undefined;
  #isClosed = false;
  #cancelTick = (): void => {};

  constructor(options: SpeechDetectorOptions) {
    this.#options = options;
    this.#samplesPerMs = AUDIO_FORMATS[options.format].sampleRateHz / 1000;
  }

  /** The next frame of a participant; `timestamp` is the index of its first sample since the stream's start. */
  hear(ssrc: number, pcm: Uint8Array, timestamp: number): AudioFrame {
    const vad = this.#vads.get(ssrc) ?? this.#newVad(ssrc);
    if (timestamp > vad.end) vad.activity.missed();
    const voice = vad.activity.hear(pcm);
    const end = timestamp + pcm.byteLength / BYTES_PER_SAMPLE;
    vad.end = end;
    const before = vad.bounds.advance(timestamp);
    if (before !== undefined) this.#tell(ssrc, before);
    const event = vad.bounds.hear(voice, timestamp, end);
    if (event !== undefined) this.#tell(ssrc, event);
    this.#position = Math.max(this.#position, end);
    this.#heardAtMs = this.#options.clock.elapsedMs();
    if (!this.#options.isSteady && this.#tickDueMs === undefined && !this.#isClosed) this.#tickLater();
    return { ssrc, pcm, timestamp, voice };
  }

  /**
   * Whether frames may wait unread: in a mixed call none have come that should have, since ACS, the network or this
   * process is held up. In an unmixed call only the relay's own ticks tell, which come late when the process is.
   */
  get isHeldUp(): boolean {
    const sinceMs = this.#options.isSteady ? this.#heardAtMs : this.#tickDueMs;
    return sinceMs !== undefined && this.#options.clock.elapsedMs() - sinceMs > HELD_UP_MS;
  }

  /** How long ago this sample of the stream was heard, in milliseconds. */
  agoMs(timestamp: number): number {
    const sinceHeardMs = this.#options.clock.elapsedMs() - this.#heardAtMs;
    return Math.max(0, (this.#position - timestamp) / this.#samplesPerMs + sinceHeardMs);
  }

  /** The stream is over: everybody who speaks has finished. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick();
    for (const [ssrc, { bounds }] of this.#vads) this.#tell(ssrc, bounds.flush());
  }

  #tickLater(): void {
    const { clock } = this.#options;
    const dueMs = clock.elapsedMs() + TICK_MS;
    this.#tickDueMs = dueMs;
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick(dueMs));
  }

  /** If the event loop stalled, the silence may not be the caller's: reads the audio that came meanwhile first. */
  #tick(dueMs: number): void {
    const { clock } = this.#options;
    if (clock.elapsedMs() - dueMs <= HELD_UP_MS) this.#passTime();
    else this.#cancelTick = clock.after(TICK_MS, () => this.#passTime());
  }

  #passTime(): void {
    const quietMs = this.#options.clock.elapsedMs() - this.#heardAtMs;
    const position = this.#position + (quietMs - LATE_MS) * this.#samplesPerMs;
    for (const [ssrc, { bounds }] of this.#vads) this.#tell(ssrc, bounds.advance(position));
    this.#options.onAdvance(position);
    this.#tickDueMs = undefined;
    if (quietMs < IDLE_MS) this.#tickLater();
  }

  #tell(ssrc: number, event: SpeechEvent | undefined): void {
    const { speech } = this.#options;
    switch (event?.type) {
      case undefined:
        break;
      case 'speechStarted':
        speech.onSpeechStarted(ssrc, event.timestamp, event.latencyMs);
        break;
      case 'speechEnded':
        speech.onSpeechEnded(ssrc, event.timestamp, event.durationMs);
        break;
    }
  }

  #newVad(ssrc: number): ParticipantVad {
    const vad = {
      activity: new VoiceActivity(this.#options.format),
      bounds: new SpeechBounds(this.#options.format, SPEECH_RULES),
      end: 0,
    };
    this.#vads.set(ssrc, vad);
    return vad;
  }
}
