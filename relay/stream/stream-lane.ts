/**
 * One worker that stays with its call: `call.started` reaches one replica of the worker as an event of the lane, and once
 * the replica has acknowledged it, and so has joined the worker's group of the call, audio and events are published there.
 * Nothing in the group is acknowledged; a message that could not be sent is lost and counted.
 *
 *     waiting ──call.started acknowledged──▶ streaming ──end()──▶ ended
 *        ▲                                      │
 *        └─────the lane's connection is new, the replica has left or gives no sign of life─────┘
 *
 * Audio that comes while waiting is kept as long as the backlog allows, and so are events.
 */
import { PRESENCE_LIMIT_MS, parseResidentMessage } from '../../shared/protocol/resident-messages.ts';
import { formatRtp, PAYLOAD_TYPE } from '../../shared/protocol/rtp.ts';
import type { CallEvent } from '../../shared/protocol/worker-messages.ts';
import type { LaneReport } from '../call-report.ts';
import { Lane, type LaneOptions, type LaneState } from '../lane.ts';
import type { LaneConnection, LaneListener, LaneMessage, OpenLaneConnection } from '../lane-connection.ts';
import type { HeardFrame } from '../listening/heard-frame.ts';
import type { AudioPiece } from '../listening/worker-audio.ts';
import type { WorkerLane } from '../worker-lane.ts';
import { NoAudio } from './no-audio.ts';

/** Messages that may be on their way into the socket; while there are as many, audio waits in its backlog. */
const MAX_IN_FLIGHT = 16;
/** Events that may wait for the worker to join; the oldest is dropped beyond it. */
const MAX_EVENTS = 64;

type Publishable = Uint8Array<ArrayBuffer> | CallEvent;

export class StreamLane implements WorkerLane {
  readonly #options: LaneOptions;
  readonly #lane: Lane;
  readonly #events: CallEvent[] = [];
  readonly #sequenceNumbers = new Map<number, number>();
  #connection: LaneConnection | undefined;
  #state: 'waiting' | 'streaming' | 'ended' = 'waiting';
  #cancelWatch = (): void => {};
  #isRefused = false;
  #inFlight = 0;
  #sent = 0;
  #failed = 0;
  #lostMs = 0;
  #eventsFailed = 0;

  /** Begins to open the lane. */
  constructor(options: LaneOptions) {
    this.#options = options;
    this.#lane = new Lane({
      ...options,
      audio: new NoAudio(() => options.audio.droppedMs + this.#lostMs),
      onMessage: (message) => this.#received(message),
      publishes: true,
      openConnection: (target, listener) => this.#open(target, listener),
      onStateChange: (state) => {
        if (state === 'waiting') this.#disconnected();
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
    if (this.#state === 'ended') return;
    this.#options.audio.push(frame);
    this.#flush();
  }

  advance(position: number): void {
    this.#options.audio.advance(position);
    this.#flush();
  }

  pushEvent(event: CallEvent): void {
    if (this.#state === 'ended') return;
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
    if (this.#state === 'ended') return;
    this.#flush();
    if (this.#state === 'streaming') {
      const { audio } = this.#options;
      for (let piece = audio.takeRest(); piece !== undefined; piece = audio.takeRest())
        this.#sendAudio(piece);
      this.#sendEvent(ended);
    }
    this.#state = 'ended';
    this.#cancelWatch();
    this.#options.audio.discard();
    this.#lane.end(ended);
  }

  report(): LaneReport {
    const lane = this.#lane.report();
    return {
      ...lane,
      chunksSent: this.#sent,
      chunksAcked: this.#sent - this.#failed,
      chunksFailed: this.#failed,
      lostMs: Math.round(this.#lostMs),
      droppedMs: Math.round(this.#options.audio.droppedMs),
      eventsFailed: lane.eventsFailed + this.#eventsFailed,
    };
  }

  #open(target: Parameters<OpenLaneConnection>[0], listener: LaneListener): LaneConnection {
    const connection = this.#options.openConnection(target, listener);
    this.#connection = connection;
    return {
      start: () => connection.start(),
      sendAudio: (packet) => connection.sendAudio(packet),
      stop: () => connection.stop(),
      sendEvent: async (event) => {
        this.#isRefused = false;
        if (event.type === 'call.started') this.#watch();
        await connection.sendEvent(event);
        if (event.type !== 'call.started' || this.#connection !== connection) return;
        // Acknowledged by a replica that says it could not join: nobody would hear what is published.
        if (!this.#isRefused) this.#joined();
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
        if (this.#state === 'streaming') this.#watch();
        break;
      case 'resident.left':
        this.#findAnother();
        break;
      case 'resident.joined':
        break;
    }
  }

  /** Nobody has the call: it is told again, and again after each `PRESENCE_LIMIT_MS`, until a replica has joined. */
  #findAnother(): void {
    if (this.#state === 'ended') return;
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

  #flush(): void {
    if (this.#state !== 'streaming') return;
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      this.#sendEvent(event);
    }
    while (this.#inFlight < MAX_IN_FLIGHT) {
      const piece = this.#options.audio.take();
      if (piece === undefined) return;
      this.#sendAudio(piece);
    }
  }

  #sendEvent(event: CallEvent): void {
    this.#publish(event, () => {
      this.#eventsFailed += 1;
    });
  }

  #sendAudio({ ssrc, marker, timestamp, bytes, ms, ...piece }: AudioPiece): void {
    const sequenceNumber = this.#sequenceNumbers.get(ssrc) ?? 0;
    this.#sequenceNumbers.set(ssrc, sequenceNumber + 1);
    const payloadType = piece.payloadType ?? PAYLOAD_TYPE[this.#options.format];
    const packet = formatRtp({ payloadType, marker, sequenceNumber, timestamp, ssrc, payload: bytes });
    this.#sent += 1;
    this.#publish(packet, () => {
      this.#failed += 1;
      this.#lostMs += ms;
      this.#options.audio.lost(ssrc);
    });
  }

  #publish(message: Publishable, onFailed: () => void): void {
    const connection = this.#connection;
    if (connection?.publish === undefined) {
      onFailed();
      return;
    }
    this.#inFlight += 1;
    connection.publish(message).then(
      () => this.#settled(),
      () => {
        onFailed();
        this.#settled();
      },
    );
  }

  #settled(): void {
    this.#inFlight -= 1;
    this.#flush();
  }
}
