/**
 * The spans of a stream's turns, seen from outside: the audio that a worker gets carries the span of its turn, and
 * the turn links to the span from which the worker's answer comes. Where no traces are recorded, messages stay as
 * they are.
 */
import type { Clock } from '../../shared/base/clock.ts';
import { readTrace, writeTrace } from '../../shared/wire/lane/rtp-trace.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { Histogram } from '../base/histogram.ts';
import type {
  LaneConnection,
  LaneMessage,
  LanePublication,
  OpenLaneConnection,
} from '../lane/lane-connection.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import { LaneWrapper, wrapListener } from './lane-wrapper.ts';
import type { StreamSpan } from './stream-span.ts';

/** Spans of turns that are under way, by worker. */
export class TurnTraces {
  readonly #span: StreamSpan;
  readonly #clock: Clock;
  readonly #latency: Pick<Histogram, 'observe'>;
  readonly #turns = new Map<string, ReturnType<StreamSpan['startTurn']>>();

  constructor(span: StreamSpan, clock: Clock, latency: Pick<Histogram, 'observe'>) {
    this.#span = span;
    this.#clock = clock;
    this.#latency = latency;
  }

  observe(worker: string): TurnObserver {
    const end = (latencyMs: number | undefined): void => {
      this.#turns.get(worker)?.end(latencyMs);
      this.#turns.delete(worker);
    };
    return {
      began: (turn, endedAtMs) => {
        const agoMs = this.#clock.elapsedMs() - endedAtMs;
        this.#turns.set(worker, this.#span.startTurn(worker, turn, this.#clock.nowMs() - agoMs));
      },
      answered: (latencyMs) => {
        this.#latency.observe(latencyMs);
        end(latencyMs);
      },
      gaveUp: () => end(undefined),
    };
  }

  /** Opens lanes with traces in their messages. */
  lanes(open: OpenLaneConnection): OpenLaneConnection {
    const { traceparent } = this.#span;
    if (traceparent === undefined) return open;
    return (target, listener) => {
      const { worker } = target;
      const taps = wrapListener(listener, {
        message: (message) => {
          this.#answer(worker, message);
          listener.message(message);
        },
      });
      return new TracedLane(open(target, taps), traceparent, (packet) => this.#traced(worker, packet));
    };
  }

  #traced(worker: string, packet: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const trace = this.#turns.get(worker)?.trace;
    return trace === undefined ? packet : writeTrace(packet, trace);
  }

  #answer(worker: string, message: LaneMessage): void {
    const from = message.type === 'binary' ? readTrace(message.bytes) : undefined;
    if (from !== undefined) this.#turns.get(worker)?.link(from);
  }
}

/** Audio carries the trace of its turn, `call.started` that of the stream. */
class TracedLane extends LaneWrapper {
  readonly #traceparent: string;
  readonly #withTrace: (packet: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

  constructor(
    connection: LaneConnection,
    traceparent: string,
    withTrace: (packet: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
  ) {
    super(connection);
    this.#traceparent = traceparent;
    this.#withTrace = withTrace;
  }

  override sendAudio(packet: Uint8Array<ArrayBuffer>): void {
    this.connection.sendAudio(this.#withTrace(packet));
  }

  override sendEvent(event: LaneEvent): void {
    this.connection.sendEvent(
      event.type === 'call.started' ? { ...event, traceparent: this.#traceparent } : event,
    );
  }

  override publish(message: LanePublication): boolean {
    return super.publish(message instanceof Uint8Array ? this.#withTrace(message) : message);
  }
}
