import type {
  LaneConnection,
  LaneListener,
  LaneMessageSource,
  LaneResume,
  LaneTarget,
  OpenControlConnection,
  OpenLaneConnection,
} from '../../relay/lane-connection.ts';
import { formatRtp, parseRtp, type RtpPacket } from '../../shared/protocol/rtp.ts';
import type { LaneIdentity } from '../../shared/protocol/stream-handover.ts';
import type { CallEvent } from '../../shared/protocol/worker-messages.ts';

interface Pending {
  resolve(): void;
  reject(error: Error): void;
}

/** A lane in memory that does what the test tells it: nothing starts, is acknowledged or fails by itself. */
export class ScriptedLane implements LaneConnection {
  readonly callId: string;
  readonly worker: string;
  readonly #listener: LaneListener;
  readonly #starting = Promise.withResolvers<void>();
  /** Everything that was sent, in order. */
  readonly sent: ({ audio: RtpPacket } | { event: CallEvent })[] = [];
  /** Everything that was published, in order. */
  readonly published: ({ audio: RtpPacket } | { event: CallEvent })[] = [];
  /** What is published is refused. */
  isDeaf = false;
  #pending: Pending | undefined;
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

  sendAudio(packet: Uint8Array<ArrayBuffer>): Promise<void> {
    this.sent.push({ audio: parseRtp(packet) });
    return this.#inFlight();
  }

  sendEvent(event: CallEvent): Promise<void> {
    this.sent.push({ event });
    return this.#inFlight();
  }

  publish(message: Uint8Array<ArrayBuffer> | CallEvent): Promise<void> {
    if (this.isDeaf) return Promise.reject(new Error('scripted: not connected'));
    this.published.push(message instanceof Uint8Array ? { audio: parseRtp(message) } : { event: message });
    return Promise.resolve();
  }

  stop(): void {
    this.isStopped = true;
  }

  release(): void {
    this.isReleased = true;
  }

  get events(): CallEvent[] {
    return this.sent.flatMap((each) => ('event' in each ? [each.event] : []));
  }

  get packets(): RtpPacket[] {
    return this.sent.flatMap((each) => ('audio' in each ? [each.audio] : []));
  }

  get isWaitingForAck(): boolean {
    return this.#pending !== undefined;
  }

  started(): void {
    this.#starting.resolve();
  }

  failToStart(): void {
    this.#starting.reject(new Error('scripted: the connection cannot be opened'));
  }

  acknowledge(): void {
    this.#take().resolve();
  }

  fail(): void {
    this.#take().reject(new Error('scripted: the event failed'));
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

  #inFlight(): Promise<void> {
    if (this.#pending !== undefined) throw new Error('two messages are in flight on one lane');
    if (this.isObliging) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending = { resolve, reject };
    return promise;
  }

  #take(): Pending {
    const pending = this.#pending;
    if (pending === undefined) throw new Error('nothing is in flight on this lane');
    this.#pending = undefined;
    return pending;
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
  readonly standbys: ScriptedStandby[];
  /** Publishes in the call's control group: every connection that is not stopped hears it. Answers how many those are. */
  publishControl(value: unknown): number;
}

/** A connection that belongs to no worker; it starts when it is told to. */
export class ScriptedStandby {
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
  const standbys: ScriptedStandby[] = [];
  return {
    all,
    standbys,
    openControl(_callId, listener) {
      const standby = new ScriptedStandby(listener);
      standbys.push(standby);
      return standby;
    },
    publishControl(value) {
      const hearing = all.filter(({ isStopped }) => !isStopped);
      const standingBy = standbys.filter(({ isStopped }) => !isStopped);
      for (const lane of hearing) lane.hearControl(value);
      for (const { listener } of standingBy) listener.control(value);
      return hearing.length + standingBy.length;
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
