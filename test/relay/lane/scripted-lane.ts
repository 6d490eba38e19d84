import type {
  LaneConnection,
  LaneListener,
  LaneMessageSource,
  LanePublication,
  LaneResume,
  LaneTarget,
  OpenControlConnection,
  OpenLaneConnection,
} from '../../../relay/lane/lane-connection.ts';
import { formatRtp, parseRtp, type RtpPacket } from '../../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../../shared/wire/relay/stream-handover.ts';

/** A lane in memory that does what the test tells it: nothing starts, is acknowledged or fails by itself. */
export class ScriptedLane implements LaneConnection {
  readonly callId: string;
  readonly worker: string;
  readonly #listener: LaneListener;
  readonly #starting = Promise.withResolvers<void>();
  /** Everything that was sent, in order. */
  readonly sent: ({ audio: RtpPacket } | { event: LaneEvent })[] = [];
  /** Everything that was published, in order. */
  readonly published: ({ audio: RtpPacket } | { event: Exclude<LanePublication, Uint8Array> })[] = [];
  /** Everything that was told to a handler that runs, in order. */
  readonly told: LaneEvent[] = [];
  /** Hears of everything that is sent or told. */
  onOutgoing: () => void = () => {};
  /** What is published is refused. */
  isDeaf = false;
  /** What is to be published is better kept. */
  isCongested = false;
  #isPending = false;
  isStopped = false;
  /** It is left to whoever takes it over. */
  isReleased = false;
  /** By what it could be taken over; undefined: it cannot be. */
  identity: LaneIdentity | undefined;
  /** The connection that it was to take over. */
  readonly resume: LaneResume | undefined;
  /** Acknowledge at once whatever is sent from now on. */
  isObliging = false;

  constructor({ callId, worker, resume }: LaneTarget, listener: LaneListener) {
    this.resume = resume;
    this.callId = callId;
    this.worker = worker;
    this.#listener = listener;
  }

  start(): Promise<void> {
    return this.#starting.promise;
  }

  sendAudio(packet: Uint8Array<ArrayBuffer>): void {
    this.sent.push({ audio: parseRtp(packet) });
    this.#inFlight();
  }

  sendEvent(event: LaneEvent): void {
    this.sent.push({ event });
    this.#inFlight();
  }

  publish(message: LanePublication): boolean {
    if (this.isDeaf) return false;
    this.published.push(message instanceof Uint8Array ? { audio: parseRtp(message) } : { event: message });
    return true;
  }

  tell(event: LaneEvent): void {
    this.told.push(event);
    this.onOutgoing();
  }

  stop(): void {
    this.isStopped = true;
  }

  release(): void {
    this.isReleased = true;
  }

  get events(): LaneEvent[] {
    return this.sent.flatMap((each) => ('event' in each ? [each.event] : []));
  }

  get packets(): RtpPacket[] {
    return this.sent.flatMap((each) => ('audio' in each ? [each.audio] : []));
  }

  get isWaitingForAck(): boolean {
    return this.#isPending;
  }

  started(): void {
    this.#starting.resolve();
  }

  failToStart(): void {
    this.#starting.reject(new Error('scripted: the connection cannot be opened'));
  }

  acknowledge(): void {
    this.#settle(true);
  }

  fail(): void {
    this.#settle(false);
  }

  /** The connection is lost for good. */
  lose(): void {
    this.#listener.closed();
  }

  replyJson(value: unknown, from: LaneMessageSource = 'reply'): void {
    this.#listener.message({ from, type: 'json', value });
  }

  replyBytes(bytes: Uint8Array, from: LaneMessageSource = 'reply'): void {
    this.#listener.message({ from, type: 'binary', bytes });
  }

  replyText(): void {
    this.#listener.message({ from: 'reply', type: 'text' });
  }

  replyAudio(payload: Uint8Array, packet: Partial<RtpPacket> = {}, from: LaneMessageSource = 'reply'): void {
    const header = { payloadType: 96, marker: false, sequenceNumber: 0, timestamp: 0, ssrc: 0 };
    this.replyBytes(formatRtp({ ...header, ...packet, payload }), from);
  }

  /** Something was published in the call's control group. */
  hearControl(value: unknown): void {
    this.#listener.control(value);
  }

  #inFlight(): void {
    if (this.#isPending) throw new Error('two messages are in flight on one lane');
    this.#isPending = true;
    this.onOutgoing();
    if (this.isObliging) queueMicrotask(() => this.#settle(true));
  }

  #settle(isAcked: boolean): void {
    if (!this.#isPending) throw new Error('nothing is in flight on this lane');
    this.#isPending = false;
    this.#listener.settled(isAcked);
  }
}

export interface ScriptedLanes {
  readonly open: OpenLaneConnection;
  /** Every connection that was opened, in order. */
  readonly all: ScriptedLane[];
  /** The newest connection of this worker. */
  of(worker: string): ScriptedLane;
  readonly openControl: OpenControlConnection;
  /** Connections that only hear the control group, those that were stopped included. */
  readonly controlConnections: ScriptedControlConnection[];
  /**
   * Publishes in the call's control group: every connection that is not stopped hears it. Answers how many those are.
   */
  publishControl(value: unknown): number;
}

/** A connection that belongs to no worker; it starts when it is told to. */
export class ScriptedControlConnection {
  readonly listener: Parameters<OpenControlConnection>[1];
  readonly #starting = Promise.withResolvers<void>();
  isStopped = false;

  constructor(listener: Parameters<OpenControlConnection>[1]) {
    this.listener = listener;
  }

  start(): Promise<void> {
    return this.#starting.promise;
  }

  started(): void {
    this.#starting.resolve();
  }

  failToStart(): void {
    this.#starting.reject(new Error('scripted: the connection cannot be opened'));
  }

  stop(): void {
    this.isStopped = true;
  }
}

export function scriptedLanes(): ScriptedLanes {
  const all: ScriptedLane[] = [];
  const controlConnections: ScriptedControlConnection[] = [];
  return {
    all,
    controlConnections,
    openControl(_callId, listener) {
      const connection = new ScriptedControlConnection(listener);
      controlConnections.push(connection);
      return connection;
    },
    publishControl(value) {
      const hearing = all.filter(({ isStopped }) => !isStopped);
      const listening = controlConnections.filter(({ isStopped }) => !isStopped);
      for (const lane of hearing) lane.hearControl(value);
      for (const { listener } of listening) listener.control(value);
      return hearing.length + listening.length;
    },
    open(target, listener) {
      const lane = new ScriptedLane(target, listener);
      all.push(lane);
      return lane;
    },
    of(worker) {
      const lane = all.findLast((each) => each.worker === worker);
      if (lane === undefined) throw new Error(`no lane of ${worker} was opened`);
      return lane;
    },
  };
}
