/** The audio of a worker that listens to utterances: one piece per utterance, in the order in which they end. */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { EndpointingRules } from '../../shared/call/plan.ts';
import { type CutUtterance, type EndpointEvent, Endpointing } from './endpointing.ts';
import type { Backlog, HeardAudio } from './heard-audio.ts';
import type { SpeechListener } from './speech-bounds.ts';
import type { AudioFrame, AudioPiece, WorkerAudio } from './worker-audio.ts';

/** How much may wait while the worker is busy; the oldest utterance is dropped beyond it. Four of the longest fit. */
const MAX_WAITING_MS = 60_000;

interface UtteranceAudioOptions {
  readonly format: AudioFormat;
  readonly rules: EndpointingRules;
  /** What all such workers have not heard yet. */
  readonly heard?: HeardAudio | undefined;
  /** Hears of speech, as this worker's rules define it. */
  readonly speech?: SpeechListener;
}

interface Waiting extends CutUtterance {
  readonly ssrc: number;
}

export class UtteranceAudio implements WorkerAudio, Backlog {
  readonly #options: UtteranceAudioOptions;
  readonly #machines = new Map<number, Endpointing>();
  readonly #waiting: Waiting[] = [];
  /** Participants whose audio was dropped or lost: their next piece gets a marker. */
  readonly #broken = new Set<number>();
  #waitingBytes = 0;
  /** What participants are saying, and what may still become part of an utterance. */
  #spokenBytes = 0;
  #droppedBytes = 0;
  #isDiscarded = false;

  constructor(options: UtteranceAudioOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#waitingBytes + this.#spokenBytes;
  }

  get droppedMs(): number {
    return bytesToMs(this.#options.format, this.#droppedBytes);
  }

  push(frame: AudioFrame): void {
    if (this.#isDiscarded) {
      if (frame.voice.isSpeech) this.#droppedBytes += frame.pcm.byteLength;
      return;
    }
    this.#step(frame.ssrc, this.#machine(frame.ssrc), (machine) => machine.push(frame));
  }

  advance(position: number): void {
    for (const [ssrc, machine] of this.#machines) this.#step(ssrc, machine, (its) => its.advance(position));
  }

  take(): AudioPiece | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    this.#waits(-next.bytes.byteLength);
    const { ssrc, bytes, timestamp, isBeginning, ms } = next;
    const marker = this.#broken.delete(ssrc) || isBeginning;
    return { ssrc, bytes, timestamp, marker, ms };
  }

  takeRest(): AudioPiece | undefined {
    this.#finish();
    return this.take();
  }

  lost(ssrc: number): void {
    this.#broken.add(ssrc);
  }

  discard(): void {
    // What somebody was saying is not sent either.
    this.#finish();
    this.#isDiscarded = true;
    while (this.#waiting.length > 0) this.dropOldest();
  }

  /** The oldest utterance, or, where none waits, what the participant is saying who says most. */
  dropOldest(): void {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) {
      this.#dropSpoken();
      return;
    }
    this.#waits(-oldest.bytes.byteLength);
    this.#dropped(oldest.ssrc, oldest.bytes.byteLength);
  }

  #dropSpoken(): void {
    const [longest] = [...this.#machines].sort(([, a], [, b]) => b.bytes - a.bytes);
    if (longest === undefined) return;
    const [ssrc, machine] = longest;
    const { bytes } = machine;
    machine.forget();
    this.#speaks(-bytes);
    this.#dropped(ssrc, bytes);
  }

  #dropped(ssrc: number, bytes: number): void {
    this.#droppedBytes += bytes;
    this.#broken.add(ssrc);
  }

  /** No more audio comes. No event for the end of this speech: the end of the call says as much. */
  #finish(): void {
    const rests = [...this.#machines].map(([ssrc, machine]) => [ssrc, machine.flush()] as const);
    this.#machines.clear();
    this.#speaks(-this.#spokenBytes);
    for (const [ssrc, events] of rests) this.#gather(ssrc, events);
  }

  #step(ssrc: number, machine: Endpointing, take: (machine: Endpointing) => EndpointEvent[]): void {
    const before = machine.bytes;
    const events = take(machine);
    this.#speaks(machine.bytes - before);
    const { speech } = this.#options;
    for (const event of events) {
      if (event.type === 'speechStarted') speech?.onSpeechStarted(ssrc, event.timestamp, event.latencyMs);
      if (event.type === 'speechEnded') speech?.onSpeechEnded(ssrc, event.timestamp, event.durationMs);
    }
    this.#gather(ssrc, events);
  }

  #gather(ssrc: number, events: readonly EndpointEvent[]): void {
    for (const event of events) if (event.type === 'utterance') this.#queue({ ssrc, ...event.utterance });
  }

  #queue(utterance: Waiting): void {
    this.#waiting.push(utterance);
    this.#waits(utterance.bytes.byteLength);
    while (bytesToMs(this.#options.format, this.#waitingBytes) > MAX_WAITING_MS) this.dropOldest();
  }

  #waits(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#options.heard?.add(bytes, this);
  }

  #speaks(bytes: number): void {
    this.#spokenBytes += bytes;
    if (bytes !== 0) this.#options.heard?.add(bytes, this);
  }

  #machine(ssrc: number): Endpointing {
    const existing = this.#machines.get(ssrc);
    if (existing !== undefined) return existing;
    const machine = new Endpointing(this.#options.format, this.#options.rules);
    this.#machines.set(ssrc, machine);
    return machine;
  }
}
