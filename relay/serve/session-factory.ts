/**
 * Builds the session of an accepted media stream, with everything that measures, traces, watches and moves the call.
 */
import type { Logger } from 'pino';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import type { ProvableCall } from '../../shared/wire/signed/relay-proof.ts';
import type { Handovers } from '../handover/handovers.ts';
import { CallMeter } from '../operate/call-meter.ts';
import type { CallMigrator } from '../operate/call-migrator.ts';
import type { CallNotes } from '../operate/call-notes.ts';
import type { ControlAppClient } from '../operate/control-app.ts';
import { IdleWatch } from '../operate/idle-watch.ts';
import type { LatencyMetrics } from '../operate/latency-metrics.ts';
import type { NoteOffice } from '../operate/note-office.ts';
import type { StreamReports } from '../operate/stream-reports.ts';
import type { StreamRestarts } from '../operate/stream-restarts.ts';
import { type StreamSpan, startStreamSpan } from '../operate/stream-span.ts';
import { TurnTraces } from '../operate/turn-traces.ts';
import { Session } from '../session/session.ts';
import type { SessionEnvironment } from '../session/session-options.ts';
import { AcsPlayoutWriter } from './acs-playout-writer.ts';
import type { Admission } from './admission.ts';
import type { CallRegistry } from './call-registry.ts';
import { MediaStream } from './media-stream.ts';

interface SessionFactoryOptions {
  readonly environment: SessionEnvironment;
  readonly registry: CallRegistry;
  readonly handovers: Handovers;
  readonly migrator: CallMigrator;
  readonly restarts: Pick<StreamRestarts, 'died'>;
  readonly reports: Pick<StreamReports, 'ended'>;
  readonly notes: Pick<NoteOffice, 'open'>;
  /** Undefined where the relay does not know the control app: calls then stay at this relay, and idle calls go on. */
  readonly controlApp: ControlAppClient | undefined;
  readonly metrics: LatencyMetrics;
  readonly log: Logger;
}

/** What observes one call from outside its session. */
interface Observers {
  readonly span: StreamSpan;
  readonly turns: TurnTraces;
  readonly meter: CallMeter;
  readonly notes: CallNotes;
  /** Undefined for a call that may be silent as long as it likes. */
  readonly idle: IdleWatch | undefined;
}

export class SessionFactory {
  readonly #options: SessionFactoryOptions;

  constructor(options: SessionFactoryOptions) {
    this.#options = options;
  }

  /** Serves the stream until its socket closes. `handover`: what the call's last stream left. */
  serve(webSocket: WebSocketConnection, admission: Admission, handover: StreamHandover | undefined): void {
    const { registry, migrator, environment } = this.#options;
    const { clock } = environment;
    const { ticket, callConnectionId } = admission;
    const { callId, plan } = ticket;
    const log = this.#options.log.child({ callId, callConnectionId });
    const observers = this.#observe(admission, log);
    const { meter } = observers;
    const session = this.#build(webSocket, admission, handover, observers, log);
    registry.add(session);
    migrator.follow({
      ticket,
      isQuiet: () => meter.isQuiet,
      prepareMigration: () => session.prepareMigration(),
      over: session.over,
    });
    void this.#follow(session, observers, ticket, log);
    log.info({ workers: plan.workers.map(({ name }) => name) }, 'the media stream began');
    const isSteady = plan.channels === 'mixed';
    new MediaStream({ webSocket, session, isSteady, meter, clock, log }).open();
  }

  #observe(admission: Admission, log: Logger): Observers {
    const { metrics, notes, environment } = this.#options;
    const { clock } = environment;
    const { ticket, callConnectionId, correlationId } = admission;
    const { callId, plan, traceparent } = ticket;
    const span = startStreamSpan({ callId, callConnectionId, correlationId, traceparent }, clock);
    return {
      span,
      turns: new TurnTraces(span, clock, metrics.speechLatency),
      meter: new CallMeter(metrics, clock, plan.format),
      notes: notes.open(ticket, log),
      idle: this.#watchIdle(admission, log),
    };
  }

  #build(
    webSocket: WebSocketConnection,
    { ticket, callConnectionId, correlationId }: Admission,
    handover: StreamHandover | undefined,
    { turns, meter, notes, idle }: Observers,
    log: Logger,
  ): Session {
    const { environment, handovers, controlApp } = this.#options;
    const metered = meter.media(new AcsPlayoutWriter(webSocket, ticket.plan.format));
    return new Session({
      ...environment,
      openConnection: meter.lanes(turns.lanes(environment.openConnection)),
      ticket,
      callConnectionId,
      correlationId,
      handover,
      media: idle?.media(metered) ?? metered,
      onHandover: (state, isShared) => handovers.save(ticket, state, isShared),
      isMovable: controlApp !== undefined,
      log,
      observeTurns: (worker) => turns.observe(worker),
      onPublish: (worker, action) => notes.add(worker, action),
      activity: idle,
    });
  }

  async #follow(
    session: Session,
    { span, notes, idle }: Observers,
    ticket: ProvableCall,
    log: Logger,
  ): Promise<void> {
    await session.over;
    idle?.close();
    const { endedReason } = session.report();
    // ACS does not know that these have ended, so it does not report it to the control app.
    if (endedReason === 'no audio from ACS' || endedReason === 'no sign of life')
      this.#options.restarts.died(ticket);
    // ACS reports these to the control app, but its events may be lost.
    if (endedReason === 'stream ended' || endedReason === 'fault of the relay')
      this.#options.reports.ended(ticket);
    await session.ended;
    notes.end();
    const report = session.report();
    log.info({ report }, 'the report of the stream');
    span.end(report);
  }

  #watchIdle({ ticket }: Admission, log: Logger): IdleWatch | undefined {
    const { controlApp, environment } = this.#options;
    const { clock } = environment;
    const { idleMs } = ticket.plan;
    if (idleMs === undefined || controlApp === undefined) return undefined;
    const endCall = async (): Promise<void> => {
      const status = await controlApp.endIdle(ticket);
      log.info({ status, idleMs }, 'nobody says anything, so the relay asked for the end of the call');
    };
    return new IdleWatch({ idleMs, clock, endCall });
  }
}
