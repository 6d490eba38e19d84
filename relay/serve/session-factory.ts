/** Media streams that were accepted: each gets its session, and around it what measures, traces and watches the call, and what may move it. */
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import { idlePath } from '../../shared/wire/names.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { TimerWheel } from '../base/timer-wheel.ts';
import type { Handovers } from '../handover/handovers.ts';
import type { OpenControlConnection, OpenLaneConnection } from '../lane/lane-connection.ts';
import { askControlApp } from '../operate/ask-control-app.ts';
import { CallMeter } from '../operate/call-meter.ts';
import type { Hops } from '../operate/hops.ts';
import { IdleWatch } from '../operate/idle-watch.ts';
import type { Mover } from '../operate/mover.ts';
import { startStreamSpan } from '../operate/stream-span.ts';
import { TurnTraces } from '../operate/turn-traces.ts';
import { Session } from '../session/session.ts';
import type { SessionOptions } from '../session/session-options.ts';
import type { RelayConfig } from '../settings/relay-config.ts';
import type { Admission } from './admission.ts';
import type { CallRegistry } from './call-registry.ts';
import { openMediaSocket } from './media-web-socket.ts';

export interface MediaStreamsOptions {
  readonly config: RelayConfig;
  readonly registry: CallRegistry;
  readonly handovers: Handovers;
  readonly mover: Mover;
  readonly hops: Hops;
  readonly openConnection: OpenLaneConnection;
  readonly openControl: OpenControlConnection;
  readonly onPublish: SessionOptions['onPublish'];
  readonly clock: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** On the same clock. */
  readonly wheel: TimerWheel;
  readonly log: Logger;
}

export class MediaStreams {
  readonly #options: MediaStreamsOptions;

  constructor(options: MediaStreamsOptions) {
    this.#options = options;
  }

  /** Serves the stream until its socket is closed. `handover`: what the call's last stream has left. */
  serve(webSocket: WebSocketConnection, admission: Admission, handover: StreamHandover | undefined): void {
    const { config, registry, handovers, mover, hops, clock, random, wheel, onPublish } = this.#options;
    const { ticket, ticketText, callConnectionId, correlationId } = admission;
    const { callId } = ticket;
    const log = this.#options.log.child({ callId, callConnectionId });
    const media = openMediaSocket(webSocket, clock);
    const span = startStreamSpan({
      callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(ticket.traceparent === undefined ? {} : { traceparent: ticket.traceparent }),
    });
    const turns = new TurnTraces(span, clock, hops.speechLatency);
    const meter = new CallMeter(hops, clock, ticket.plan.format);
    const idle = this.#watchIdle(admission, log);
    const metered = meter.socket(media);
    const session = new Session({
      ticket,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(handover === undefined ? {} : { handover }),
      onHandover: (state, isShared) => handovers.save({ callId, ticketText }, state, isShared),
      isMovable: config.controlUrl !== undefined,
      socket: idle?.socket(metered) ?? metered,
      ...(idle === undefined ? {} : { activity: idle }),
      openConnection: meter.lanes(turns.lanes(this.#options.openConnection)),
      observeTurns: (worker) => turns.observe(worker),
      openControl: this.#options.openControl,
      controlKeys: config.ticketKeys,
      maxBacklogMs: config.maxBacklogMs,
      jitterBufferMs: config.jitterBufferMs,
      playoutLeadMs: config.playoutLeadMs,
      clock,
      random,
      wheel,
      log,
      ...(onPublish === undefined ? {} : { onPublish }),
    });
    registry.add(session);
    mover.follow({
      callId,
      ticketText,
      isQuiet: () => meter.isQuiet,
      beMoved: () => session.beMoved(),
      over: session.over,
    });
    void session.over.then(() => idle?.close());
    void session.ended.then(() => {
      const report = session.report();
      log.info({ report }, 'the report of the stream');
      span.end(report);
    });
    log.info({ workers: ticket.plan.workers.map(({ name }) => name) }, 'the media stream began');
    media.listen({
      message: (data, isBinary) => {
        meter.frameIn();
        try {
          session.receive(data, isBinary);
        } catch (err) {
          // Of this program: it costs this stream, which is opened again, and no other.
          log.error({ err }, 'could not handle a message of the stream');
          session.close('fault of the relay');
        }
      },
      silent: () => session.close('no sign of life'),
      closed: (code) => {
        session.socketClosed();
        log.info({ code, cause: session.report().endedReason }, 'the media stream ended');
      },
    });
  }

  /** Undefined where the call may be silent as long as it likes, or where nobody can be asked to end it. */
  #watchIdle({ ticket, ticketText }: Admission, log: Logger): IdleWatch | undefined {
    const { config, clock } = this.#options;
    const { controlUrl } = config;
    const { callId, plan } = ticket;
    if (plan.idleMs === undefined || controlUrl === undefined) return undefined;
    const endCall = async (): Promise<void> => {
      const status = await askControlApp(controlUrl + idlePath(callId), ticketText);
      log.info({ status, idleMs: plan.idleMs }, 'nobody says anything: the call is to end');
    };
    return new IdleWatch({ idleMs: plan.idleMs, clock, endCall });
  }
}
