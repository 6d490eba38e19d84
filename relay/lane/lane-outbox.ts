/**
 * Decides what one worker gets next: `call.started`, then other events in order, then audio cut as the worker listens,
 * and `call.ended` after all of it. The outbox does not wait and does not send.
 */
import type { AudioFormat } from '../../shared/audio/audio-format.ts';
import { formatRtp, formatRtpInPlace, PAYLOAD_TYPE, RTP_HEADER_BYTES } from '../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { AudioPiece, WorkerAudio } from '../listen/worker-audio.ts';

/** Events that may wait; beyond it, the outbox drops the oldest. Audio has a bound of its own. */
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
  /** Makes the event at the moment it is sent, since participants may join before a lane is opened again. */
  readonly callStarted: () => LaneEvent;
}

export class LaneOutbox {
  readonly #options: OutboxOptions;
  /** The next RTP sequence number of each participant. */
  readonly #sequenceNumbers = new Map<number, number>();
  readonly #events: LaneEvent[] = [];
  #isStartDue = true;
  #isResumed = false;
  /** Audio was lost since the worker last got some. */
  #hasLost = false;
  /** What had been dropped when the worker last got audio that does not follow on. */
  #droppedMsBefore = 0;
  /** No more audio comes: what waits may be sent however short it is. */
  #isClosing = false;
  #ended: LaneEvent | undefined;
  #eventsDropped = 0;
  #isDiscarded = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether the next message is `call.started`. */
  get isStartDue(): boolean {
    return this.#isStartDue;
  }

  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  pushEvent(event: LaneEvent): void {
    if (this.#isClosing || this.#isDiscarded) {
      this.#eventsDropped += 1;
      return;
    }
    this.#events.push(event);
    if (this.#events.length <= MAX_EVENTS) return;
    this.#events.shift();
    this.#eventsDropped += 1;
  }

  /** Makes `call.started` due again, since it did not reach the worker. */
  restart(): void {
    this.#isStartDue = true;
  }

  /** Makes `call.started` due again, since the worker's state went with the old connection or replica. */
  resume(): void {
    this.#isStartDue = true;
    this.#isResumed = true;
  }

  /** The stream is over: what waits may be sent however short it is. Idempotent. */
  close(): void {
    this.#isClosing = true;
  }

  /** As `close`, and the call is over for the worker: `ended` is the last message. Called once. */
  end(ended: LaneEvent): void {
    this.#isClosing = true;
    this.#ended = ended;
  }

  /** Takes the next message; undefined while there is none to send. */
  next(): OutboxMessage | undefined {
    if (this.#isStartDue) {
      this.#isStartDue = false;
      return { kind: 'event', event: this.#startEvent() };
    }
    const event = this.#events.shift();
    if (event !== undefined) return { kind: 'event', event };
    const { audio } = this.#options;
    const piece = this.#isClosing ? audio.takeRest() : audio.take();
    if (piece !== undefined) return this.#packetOf(piece);
    const ended = this.#ended;
    this.#ended = undefined;
    return ended === undefined ? undefined : { kind: 'event', event: ended };
  }

  /** Audio of this participant did not reach the worker. */
  lost(ssrc: number): void {
    this.#hasLost = true;
    this.#options.audio.lost(ssrc);
  }

  /** Drops what waits, and counts what still comes as dropped. Idempotent. */
  discard(): void {
    this.#isDiscarded = true;
    this.#options.audio.discard();
    this.#eventsDropped += this.#events.length;
    this.#events.length = 0;
  }

  #startEvent(): LaneEvent {
    const event = this.#options.callStarted();
    if (!this.#isResumed || event.type !== 'call.started') return event;
    const { droppedMs } = this.#options.audio;
    const discontinuity = this.#hasLost || droppedMs > this.#droppedMsBefore;
    this.#droppedMsBefore = droppedMs;
    return { ...event, resumed: true, discontinuity };
  }

  #packetOf(piece: AudioPiece): OutboxMessage {
    const { ssrc, ms, marker, timestamp, bytes, headroomBytes = 0 } = piece;
    const { audio, format } = this.#options;
    const sequenceNumber = this.#sequenceNumbers.get(ssrc) ?? 0;
    this.#sequenceNumbers.set(ssrc, sequenceNumber + 1);
    this.#hasLost = false;
    // Audio that follows on has lost nothing before it.
    if (marker) this.#droppedMsBefore = audio.droppedMs;
    const payloadType = piece.payloadType ?? PAYLOAD_TYPE[format];
    const rtp = { payloadType, marker, sequenceNumber, timestamp, ssrc, payload: bytes };
    const packet = headroomBytes >= RTP_HEADER_BYTES ? formatRtpInPlace(rtp) : formatRtp(rtp);
    return { kind: 'audio', packet, ssrc, ms };
  }
}
