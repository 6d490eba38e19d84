/**
 * The spans of a stream's turns, seen from outside: a turn is told to its worker with the audio that it is sent, and linked to the span from which the
 * worker's answer comes. Without traces that are recorded nothing is added to any message.
 */

import type { Clock } from '../../shared/base/clock.ts';
import { readTrace, writeTrace } from '../../shared/wire/lane/rtp-trace.ts';
import type { LaneConnection, LaneMessage, OpenLaneConnection } from '../lane/lane-connection.ts';
import type { TurnObserver } from '../speak/worker-turns.ts';
import type { Histogram } from './histogram.ts';
import type { StreamSpan, TurnSpan } from './stream-span.ts';

/** Spans of turns that are under way, by worker. */
export class TurnTraces {
  readonly #span: StreamSpan;
  readonly #clock: Clock;
  readonly #latency: Pick<Histogram, 'observe'>;
  readonly #turns = new Map<string, TurnSpan>();

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

  /** The same lanes, with traces in their messages. */
  lanes(open: OpenLaneConnection): OpenLaneConnection {
    const { traceparent } = this.#span;
    if (traceparent === undefined) return open;
    return (target, listener) => {
      const { worker } = target;
      const connection = open(target, {
        ...listener,
        message: (message) => {
          this.#answer(worker, message);
          listener.message(message);
        },
      });
      return traced(connection, (packet) => this.#sent(worker, packet), traceparent);
    };
  }

  #sent(worker: string, packet: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const trace = this.#turns.get(worker)?.trace;
    return trace === undefined ? packet : writeTrace(packet, trace);
  }

  #answer(worker: string, message: LaneMessage): void {
    const from = message.type === 'binary' ? readTrace(message.bytes) : undefined;
    if (from !== undefined) this.#turns.get(worker)?.link(from);
  }
}

/** What is sent over the connection carries its trace: audio that of the turn, `call.started` that of the stream. */
function traced(
  connection: LaneConnection,
  withTrace: (packet: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
  traceparent: string,
): LaneConnection {
  const sendAudio = connection.sendAudio.bind(connection);
  connection.sendAudio = (packet) => sendAudio(withTrace(packet));
  const sendEvent = connection.sendEvent.bind(connection);
  connection.sendEvent = (event) =>
    sendEvent(event.type === 'call.started' ? { ...event, traceparent } : event);
  const publish = connection.publish?.bind(connection);
  if (publish !== undefined)
    connection.publish = (message) => publish(message instanceof Uint8Array ? withTrace(message) : message);
  return connection;
}
