/**
 * What waits to be sent to one worker, and in which order: `call.started`, then other events as they come, then audio as
 * the worker listens to it, and `call.ended` after all of it. Nothing here waits or sends.
 */
import type { AudioFormat } from '../../shared/audio/audio-format.ts';
import { formatRtp, formatRtpInPlace, PAYLOAD_TYPE, RTP_HEADER_BYTES } from '../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { AudioFrame, WorkerAudio } from '../listen/worker-audio.ts';

/** Events other than audio that may wait; the oldest is dropped beyond it. */
const MAX_EVENTS = 64;

export type OutboxMessage =
  | { readonly kind: 'event'; readonly event: LaneEvent }
  | {
      readonly kind: 'audio';
      readonly packet: Uint8Array<ArrayBuffer>;
      readonly ssrc: number;
      readonly ms: number;
    };

export interface OutboxOptions {
  readonly format: AudioFormat;
  readonly audio: WorkerAudio;
  /** Made when it is sent, since a lane that is opened again tells who has joined meanwhile. */
  readonly callStarted: () => LaneEvent;
}

export class LaneOutbox {
  readonly #options: OutboxOptions;
  /** The next RTP sequence number of each participant. */
  readonly #sequenceNumbers = new Map<number, number>();
  readonly #events: LaneEvent[] = [];
  #startDue = true;
  #isResumed = false;
  /** Audio was lost or dropped since the worker last heard some. */
  #isLossUntold = false;
  #droppedMsTold = 0;
  /** No more audio comes: what waits may be sent however short it is. */
  #isClosing = false;
  #ended: LaneEvent | undefined;
  #endSent = false;
  #eventsDropped = 0;
  #discarded = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#options.audio.queuedBytes;
  }

  /** Audio that was not and will not be sent. */
  get droppedMs(): number {
    return this.#options.audio.droppedMs;
  }

  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  pushFrame(frame: AudioFrame): void {
    if (!this.#isClosing) this.#options.audio.push(frame);
  }

  /** The stream has come to `position`, in samples, though no frame says so. */
  advance(position: number): void {
    if (!this.#isClosing) this.#options.audio.advance(position);
  }

  pushEvent(event: LaneEvent): void {
    if (this.#isClosing || this.#discarded) return;
    this.#events.push(event);
    if (this.#events.length <= MAX_EVENTS) return;
    this.#events.shift();
    this.#eventsDropped += 1;
  }

  /** `call.started` did not reach the worker and is due again. */
  restart(): void {
    this.#startDue = true;
  }

  /** `call.started` is due again, since the worker's state has gone with the old lane, or with who had it. */
  resume(): void {
    this.#startDue = true;
    this.#isResumed = true;
  }

  /** The stream is over: what waits may be sent however short it is. Idempotent. */
  close(): void {
    this.#isClosing = true;
  }

  /** As `close`, and the call is over for the worker: `ended` is sent last. */
  end(ended: LaneEvent): void {
    this.#isClosing = true;
    this.#ended ??= ended;
  }

  /** Takes the next message, or nothing while there is none to be sent. */
  next(): OutboxMessage | undefined {
    if (this.#startDue) {
      this.#startDue = false;
      return { kind: 'event', event: this.#startEvent() };
    }
    const event = this.#events.shift();
    if (event !== undefined) return { kind: 'event', event };
    const audio = this.#nextAudio();
    if (audio !== undefined || this.#ended === undefined || this.#endSent) return audio;
    this.#endSent = true;
    return { kind: 'event', event: this.#ended };
  }

  /** Audio of this participant did not reach the worker. */
  lost(ssrc: number): void {
    this.#isLossUntold = true;
    this.#options.audio.lost(ssrc);
  }

  /** Nothing will be sent any more: what waits and what still comes counts as dropped. Idempotent. */
  discard(): void {
    this.#discarded = true;
    this.#options.audio.discard();
    this.#events.length = 0;
  }

  #startEvent(): LaneEvent {
    const event = this.#options.callStarted();
    if (!this.#isResumed || event.type !== 'call.started') return event;
    const isDiscontinuous = this.#isLossUntold || this.droppedMs > this.#droppedMsTold;
    this.#droppedMsTold = this.droppedMs;
    return { ...event, resumed: true, discontinuity: isDiscontinuous };
  }

  #nextAudio(): OutboxMessage | undefined {
    const { audio, format } = this.#options;
    const piece = this.#isClosing ? audio.takeRest() : audio.take();
    if (piece === undefined) return undefined;
    const { ssrc, ms, marker, timestamp, bytes } = piece;
    const sequenceNumber = this.#sequenceNumbers.get(ssrc) ?? 0;
    this.#sequenceNumbers.set(ssrc, sequenceNumber + 1);
    this.#isLossUntold = false;
    this.#droppedMsTold = this.droppedMs;
    const payloadType = piece.payloadType ?? PAYLOAD_TYPE[format];
    const rtp = { payloadType, marker, sequenceNumber, timestamp, ssrc, payload: bytes };
    const packet = (piece.headroomBytes ?? 0) >= RTP_HEADER_BYTES ? formatRtpInPlace(rtp) : formatRtp(rtp);
    return { kind: 'audio', packet, ssrc, ms };
  }
}
