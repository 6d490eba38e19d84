/**
 * One worker that stays with its call: `call.started` reaches one replica of the worker as an event of the lane, and once
 * the replica has acknowledged it, and so has joined the worker's group of the call, audio and events are published there.
 * Nothing in the group is acknowledged; a message that could not be sent is lost and counted.
 *
 *     waiting ──call.started acknowledged──▶ streaming ──end()──▶ ended
 *        ▲                                      │
 *        └─────the lane's connection is new, the replica has left or gives no sign of life─────┘
 *
 * A stream that takes the place of another asks in the group first whether the replica that had the call is still there: it goes on with its state then.
 * Released, the lane is silent: the stream that follows asks; if none does in time, the worker is told the end.
 *
 * Audio that comes while waiting is kept as long as the backlog allows, and so are events.
 */
import { PRESENCE_LIMIT_MS, parseResidentMessage } from '../../shared/wire/lane/resident-messages.ts';
import { formatRtp, PAYLOAD_TYPE } from '../../shared/wire/lane/rtp.ts';
import type { CallEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { HeardFrame } from '../listen/heard-frame.ts';
import type { AudioPiece } from '../listen/worker-audio.ts';
import { Lane, type LaneOptions } from './lane.ts';
import type { LaneConnection, LaneListener, LaneMessage, OpenLaneConnection } from './lane-connection.ts';
import type { LaneReport, LaneState } from './lane-stats.ts';
import { NoAudio } from './no-audio.ts';
import type { WorkerLane } from './worker-lane.ts';

/** Events that may wait for the worker to join, or for its connection; the oldest is dropped beyond it. */
const MAX_EVENTS = 64;

/** How long a replica that has the call has to say so, before the call is given to any. */
export const ASK_LIMIT_MS = 300;

export class StreamLane implements WorkerLane {
  readonly #options: LaneOptions;
  readonly #lane: Lane;
  readonly #events: CallEvent[] = [];
  readonly #sequenceNumbers = new Map<number, number>();
  #connection: LaneConnection | undefined;
  #state: 'waiting' | 'streaming' | 'released' | 'ended' = 'waiting';
  /** Nobody was asked yet whether he still has the call. */
  #mayAsk: boolean;
  #onHere: (() => void) | undefined;
  #lastWords: CallEvent | undefined;
  #cancelWatch = (): void => {};
  #isRefused = false;
  #sent = 0;
  #failed = 0;
  #sentMs = 0;
  #lostMs = 0;
  #eventsFailed = 0;

  /** Begins to open the lane. */
  constructor(options: LaneOptions) {
    this.#options = options;
    this.#mayAsk = options.isResumed ?? false;
    this.#lane = new Lane({
      ...options,
      audio: new NoAudio(() => options.audio.droppedMs + this.#lostMs),
      onMessage: (message) => this.#received(message),
      publishes: true,
      openConnection: (target, listener) => this.#open(target, listener),
      onStateChange: (state) => {
        if (state === 'waiting') this.#disconnected();
        if (state === 'draining' && this.#state === 'released') this.#notTakenOver();
        options.onStateChange(state);
      },
    });
  }

  get closed(): Promise<void> {
    return this.#lane.closed;
  }

  get state(): LaneState {
    return this.#lane.state;
  }

  get queuedBytes(): number {
    return this.#options.audio.queuedBytes;
  }

  pushFrame(frame: HeardFrame): void {
    if (this.#isOver()) return;
    this.#options.audio.push(frame);
    this.#flush();
  }

  advance(position: number): void {
    this.#options.audio.advance(position);
    this.#flush();
  }

  pushEvent(event: CallEvent): void {
    if (this.#isOver()) return;
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) {
      this.#events.shift();
      this.#eventsFailed += 1;
    }
    this.#flush();
  }

  eventFailed(): void {
    this.#isRefused = true;
    this.#lane.eventFailed();
  }

  /** The end is told twice: in the group, in its place after the audio, and as an event of the lane, which is acknowledged. */
  end(ended: CallEvent): void {
    if (this.#isOver()) return;
    this.#sendRest();
    if (this.#state === 'streaming') this.#sendEvent(ended);
    this.#finish('ended');
    this.#lane.end(ended);
  }

  release(ended: CallEvent): void {
    if (this.#isOver()) return;
    this.#sendRest();
    this.#lastWords = ended;
    this.#finish('released');
    this.#lane.release(ended);
  }

  get identity(): LaneIdentity | undefined {
    return this.#lane.identity;
  }

  report(): LaneReport {
    const lane = this.#lane.report();
    return {
      ...lane,
      chunksSent: this.#sent,
      chunksAcked: this.#sent - this.#failed,
      chunksFailed: this.#failed,
      ackedMs: Math.round(this.#sentMs - this.#lostMs),
      lostMs: Math.round(this.#lostMs),
      droppedMs: Math.round(this.#options.audio.droppedMs),
      eventsFailed: lane.eventsFailed + this.#eventsFailed,
    };
  }

  #open(target: Parameters<OpenLaneConnection>[0], listener: LaneListener): LaneConnection {
    let isStarting = false;
    const settled = (isAcked: boolean): void => {
      // Acknowledged by a replica that says it could not join: nobody would hear what is published.
      if (isStarting && isAcked && !this.#isRefused && this.#connection === connection) this.#joined();
      listener.settled(isAcked);
    };
    const connection = this.#options.openConnection(target, { ...listener, settled });
    this.#connection = connection;
    return {
      start: () => connection.start(),
      sendAudio: (packet) => connection.sendAudio(packet),
      stop: () => connection.stop(),
      get identity() {
        return connection.identity;
      },
      release: () => connection.release?.(),
      sendEvent: (event) => {
        this.#isRefused = false;
        isStarting = event.type === 'call.started';
        if (isStarting) this.#watch();
        if (!isStarting || !this.#mayAsk) connection.sendEvent(event);
        else this.#ask(event, (isThere) => (isThere ? settled(true) : connection.sendEvent(event)));
      },
    };
  }

  #disconnected(): void {
    this.#connection = undefined;
    this.#cancelWatch();
    if (this.#state === 'streaming') this.#state = 'waiting';
  }

  /** What a replica says of itself is for the lane; everything else is what the worker says. */
  #received(message: LaneMessage): void {
    const said = message.type === 'json' ? parseResidentMessage(message.value) : undefined;
    switch (said?.type) {
      case undefined:
        this.#options.onMessage(message);
        break;
      case 'resident.here':
        this.#onHere?.();
        if (this.#state === 'streaming') this.#watch();
        break;
      case 'resident.left':
        this.#findAnother();
        break;
      case 'resident.joined':
        break;
    }
  }

  /** Tells the call in the group, where only a replica that has it hears it, and whether one said so in time. */
  #ask(started: CallEvent, answer: (isThere: boolean) => void): void {
    this.#mayAsk = false;
    if (!this.#publish(started)) {
      answer(false);
      return;
    }
    const answered = (isThere: boolean): void => {
      cancel();
      this.#onHere = undefined;
      answer(isThere);
    };
    const cancel = this.#options.clock.after(ASK_LIMIT_MS, () => answered(false));
    this.#onHere = () => answered(true);
  }

  /** Nobody has the call: it is told again, and again after each `PRESENCE_LIMIT_MS`, until a replica has joined. */
  #findAnother(): void {
    if (this.#isOver()) return;
    this.#state = 'waiting';
    this.#watch();
    this.#lane.tellAgain();
  }

  #watch(): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#options.clock.after(PRESENCE_LIMIT_MS, () => this.#findAnother());
  }

  #joined(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'streaming';
    this.#watch();
    this.#flush();
  }

  #sendRest(): void {
    if (this.#state !== 'streaming') return;
    this.#flush();
    const { audio } = this.#options;
    for (let piece = audio.takeRest(); piece !== undefined; piece = audio.takeRest()) this.#sendAudio(piece);
  }

  #finish(state: 'released' | 'ended'): void {
    this.#state = state;
    this.#cancelWatch();
    this.#options.audio.discard();
  }

  #notTakenOver(): void {
    this.#state = 'ended';
    if (this.#lastWords !== undefined) this.#sendEvent(this.#lastWords);
  }

  #isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'released';
  }

  /** What the connection does not take now waits until more comes. */
  #flush(): void {
    if (this.#state !== 'streaming') return;
    while (this.#connection?.isCongested !== true) {
      const event = this.#events.shift();
      const piece = event === undefined ? this.#options.audio.take() : undefined;
      if (event !== undefined) this.#sendEvent(event);
      else if (piece !== undefined) this.#sendAudio(piece);
      else return;
    }
  }

  #sendEvent(event: CallEvent): void {
    if (!this.#publish(event)) this.#eventsFailed += 1;
  }

  #sendAudio({ ssrc, marker, timestamp, bytes, ms, ...piece }: AudioPiece): void {
    const sequenceNumber = this.#sequenceNumbers.get(ssrc) ?? 0;
    this.#sequenceNumbers.set(ssrc, sequenceNumber + 1);
    const payloadType = piece.payloadType ?? PAYLOAD_TYPE[this.#options.format];
    const packet = formatRtp({ payloadType, marker, sequenceNumber, timestamp, ssrc, payload: bytes });
    this.#sent += 1;
    this.#sentMs += ms;
    if (this.#publish(packet)) return;
    this.#failed += 1;
    this.#lostMs += ms;
    this.#options.audio.lost(ssrc);
  }

  #publish(message: Uint8Array<ArrayBuffer> | CallEvent): boolean {
    return this.#connection?.publish?.(message) ?? false;
  }
}
