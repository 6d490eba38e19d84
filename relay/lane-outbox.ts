/**
 * What waits to be sent to one worker, and in which order: `call.started`, then other events as they come, then audio
 * (the oldest first, a participant at a time), and `call.ended` after all of it. Nothing here waits or sends.
 */
import { AUDIO_FORMATS, type AudioFormat, bytesToMs } from '../shared/core/audio-format.ts';
import { Chunker } from '../shared/core/chunker.ts';
import { formatRtp, PAYLOAD_TYPE } from '../shared/protocol/rtp.ts';
import type { CallEvent } from '../shared/protocol/worker-messages.ts';

/** Events other than audio that may wait; the oldest is dropped beyond it. */
const MAX_EVENTS = 64;
/** Longest audio in one event: at 24 kHz it is 640,000 characters of base64, and Web PubSub takes messages of 1 MB. */
const MAX_CHUNK_MS = 10_000;

export type OutboxMessage =
  | { readonly kind: 'event'; readonly event: CallEvent }
  | {
      readonly kind: 'audio';
      readonly packet: Uint8Array<ArrayBuffer>;
      readonly ssrc: number;
      readonly ms: number;
    };

export interface OutboxOptions {
  readonly format: AudioFormat;
  readonly chunkMs: number;
  readonly maxBacklogMs: number;
  /** Made when it is sent, since a lane that is opened again tells who has joined meanwhile. */
  readonly callStarted: () => CallEvent;
}

interface Source {
  readonly chunker: Chunker;
  sequenceNumber: number;
}

export class LaneOutbox {
  readonly #options: OutboxOptions;
  readonly #sources = new Map<number, Source>();
  readonly #events: CallEvent[] = [];
  #startDue = true;
  #ended: CallEvent | undefined;
  #endSent = false;
  #eventsDropped = 0;
  #discarded = false;
  #discardedMs = 0;
  /** How far the stream has come, in samples. */
  #position = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#sum((source) => source.chunker.queuedBytes);
  }

  /** Audio that was not and will not be sent. */
  get droppedMs(): number {
    return this.#discardedMs + this.#sum((source) => source.chunker.droppedMs);
  }

  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  /** Adds 20 ms of a participant's audio; `timestamp` in samples since the stream's start. */
  pushFrame(ssrc: number, frame: Uint8Array, timestamp: number): void {
    if (this.#ended !== undefined) return;
    if (this.#discarded) {
      this.#discardedMs += bytesToMs(this.#options.format, frame.byteLength);
      return;
    }
    this.#source(ssrc).chunker.push(frame, timestamp);
    this.#position = Math.max(this.#position, timestamp + AUDIO_FORMATS[this.#options.format].frameSamples);
  }

  pushEvent(event: CallEvent): void {
    if (this.#ended !== undefined || this.#discarded) return;
    this.#events.push(event);
    if (this.#events.length <= MAX_EVENTS) return;
    this.#events.shift();
    this.#eventsDropped += 1;
  }

  /** `call.started` is due (again): the lane is new, and a worker's state lives in the lane. */
  restart(): void {
    this.#startDue = true;
  }

  /** The stream is over: what waits may be sent however short it is, and `ended` after it. */
  end(ended: CallEvent): void {
    this.#ended ??= ended;
  }

  /** Takes the next message, or nothing while there is none to be sent. */
  next(): OutboxMessage | undefined {
    if (this.#startDue) {
      this.#startDue = false;
      return { kind: 'event', event: this.#options.callStarted() };
    }
    const event = this.#events.shift();
    if (event !== undefined) return { kind: 'event', event };
    const audio = this.#nextAudio();
    if (audio !== undefined || this.#ended === undefined || this.#endSent) return audio;
    this.#endSent = true;
    return { kind: 'event', event: this.#ended };
  }

  /** A chunk of this participant did not reach the worker. */
  lost(ssrc: number): void {
    this.#sources.get(ssrc)?.chunker.lost();
  }

  /** Nothing will be sent any more: what waits and what still comes counts as dropped. Idempotent. */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#discardedMs = this.droppedMs + bytesToMs(this.#options.format, this.queuedBytes);
    this.#sources.clear();
    this.#events.length = 0;
  }

  #nextAudio(): OutboxMessage | undefined {
    for (const [ssrc, source] of this.#oldestFirst()) {
      const { chunker } = source;
      const chunk = this.#ended === undefined ? chunker.take(this.#position) : chunker.takeRest();
      if (chunk === undefined) continue;
      const packet = formatRtp({
        payloadType: PAYLOAD_TYPE[this.#options.format],
        marker: chunk.marker,
        sequenceNumber: source.sequenceNumber,
        timestamp: chunk.timestamp,
        ssrc,
        payload: chunk.bytes,
      });
      source.sequenceNumber += 1;
      return { kind: 'audio', packet, ssrc, ms: chunk.ms };
    }
    return undefined;
  }

  #oldestFirst(): Iterable<[number, Source]> {
    if (this.#sources.size < 2) return this.#sources;
    return [...this.#sources]
      .filter(([, source]) => source.chunker.queuedBytes > 0)
      .sort(([, a], [, b]) => a.chunker.oldest - b.chunker.oldest);
  }

  #source(ssrc: number): Source {
    const existing = this.#sources.get(ssrc);
    if (existing !== undefined) return existing;
    const { format, chunkMs, maxBacklogMs } = this.#options;
    const source: Source = {
      chunker: new Chunker({
        format,
        minMs: chunkMs,
        maxMs: MAX_CHUNK_MS,
        maxBacklogMs: Math.max(maxBacklogMs, chunkMs),
      }),
      sequenceNumber: 0,
    };
    this.#sources.set(ssrc, source);
    return source;
  }

  #sum(of: (source: Source) => number): number {
    let sum = 0;
    for (const source of this.#sources.values()) sum += of(source);
    return sum;
  }
}
