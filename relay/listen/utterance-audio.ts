/** The audio of a worker that listens to utterances: one piece per utterance, in the order in which they end. */
import { type AudioFormat, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { EndpointingRules } from '../../shared/call/plan.ts';
import type { HeldAudio } from '../audio/held-audio.ts';
import { type CutUtterance, type EndpointEvent, Endpointing } from './endpointing.ts';
import type { SpeechListener } from './speech-bounds.ts';
import type { AudioFrame, AudioPiece, WorkerAudio } from './worker-audio.ts';

/** How much may wait while the worker is busy; the oldest utterance is dropped beyond it. Four of the longest fit. */
const MAX_WAITING_MS = 60_000;

/**
 * What may wait in the relay of all workers that listen to utterances: less than what keeps it from new calls
 * (`MAX_QUEUED_BYTES`). One that hangs on many calls loses its oldest utterances, and costs the others nothing.
 */
export const MAX_HEARD_BYTES = 192 * 1024 * 1024;
/** What may wait for one worker in any case. The longest utterance fits. */
const OWN_WAITING_BYTES = 1024 * 1024;

interface UtteranceAudioOptions {
  readonly format: AudioFormat;
  readonly rules: EndpointingRules;
  /** What waits of all calls. */
  readonly heard?: HeldAudio | undefined;
  /** Hears of speech, as this worker's rules define it. */
  readonly speech?: SpeechListener;
}

interface Waiting extends CutUtterance {
  readonly ssrc: number;
}

export class UtteranceAudio implements WorkerAudio {
  readonly #options: UtteranceAudioOptions;
  readonly #machines = new Map<number, Endpointing>();
  readonly #waiting: Waiting[] = [];
  /** Participants whose audio was dropped or lost: their next piece gets a marker. */
  readonly #broken = new Set<number>();
  #queuedBytes = 0;
  #droppedBytes = 0;
  #isDiscarded = false;

  constructor(options: UtteranceAudioOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get droppedMs(): number {
    return bytesToMs(this.#options.format, this.#droppedBytes);
  }

  push(frame: AudioFrame): void {
    this.#handle(frame.ssrc, this.#machine(frame.ssrc).push(frame));
  }

  advance(position: number): void {
    for (const [ssrc, machine] of this.#machines) this.#handle(ssrc, machine.advance(position));
  }

  take(): AudioPiece | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    this.#count(-next.bytes.byteLength);
    const { ssrc, bytes, timestamp, isBeginning, ms } = next;
    const marker = this.#broken.delete(ssrc) || isBeginning;
    return { ssrc, bytes, timestamp, marker, ms };
  }

  takeRest(): AudioPiece | undefined {
    // No event for the end of this speech: the end of the call says as much.
    for (const [ssrc, machine] of this.#machines) this.#gather(ssrc, machine.flush());
    return this.take();
  }

  lost(ssrc: number): void {
    this.#broken.add(ssrc);
  }

  discard(): void {
    this.#isDiscarded = true;
    // What somebody was saying is not sent either.
    for (const [ssrc, machine] of this.#machines) this.#gather(ssrc, machine.flush());
    while (this.#waiting.length > 0) this.#dropOldest();
  }

  #handle(ssrc: number, events: readonly EndpointEvent[]): void {
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
    this.#count(utterance.bytes.byteLength);
    while (this.#waiting.length > 0 && (this.#isDiscarded || this.#isTooMuch())) this.#dropOldest();
  }

  #isTooMuch(): boolean {
    const { format, heard } = this.#options;
    if (bytesToMs(format, this.#queuedBytes) > MAX_WAITING_MS) return true;
    return this.#queuedBytes > Math.max(OWN_WAITING_BYTES, heard?.freeBytes ?? Number.POSITIVE_INFINITY);
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#options.heard?.add(bytes);
  }

  #dropOldest(): void {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) return;
    this.#count(-oldest.bytes.byteLength);
    this.#droppedBytes += oldest.bytes.byteLength;
    this.#broken.add(oldest.ssrc);
  }

  #machine(ssrc: number): Endpointing {
    const existing = this.#machines.get(ssrc);
    if (existing !== undefined) return existing;
    const machine = new Endpointing(this.#options.format, this.#options.rules);
    this.#machines.set(ssrc, machine);
    return machine;
  }
}
