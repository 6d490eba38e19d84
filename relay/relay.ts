/**
 * The relay process: a WebSocket server to which ACS streams calls, at `/media/{callId}?ticket={ticket}`.
 * It holds what lives as long as a socket and nothing else, so that any relay can serve any call.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { RelayConfig } from '../shared/config.ts';
import { createAcsTokenVerifier } from '../shared/protocol/acs-token.ts';
import { idlePath } from '../shared/protocol/names.ts';
import type { StreamHandover } from '../shared/protocol/stream-handover.ts';
import { type Admission, admit } from './admission.ts';
import { CallRegistry } from './call-registry.ts';
import { type Clock, systemClock } from './clock.ts';
import { Counts } from './counts.ts';
import { Handovers } from './handover/handovers.ts';
import { keptHandovers } from './handover/kept-handovers.ts';
import { answer } from './http.ts';
import type { OpenControlConnection, OpenLaneConnection } from './lane-connection.ts';
import { createLog } from './log.ts';
import { openMediaSocket } from './media-web-socket.ts';
import { askControlApp } from './operations/ask-control-app.ts';
import { CallMeter } from './operations/call-meter.ts';
import { Hops } from './operations/hops.ts';
import { IdleWatch } from './operations/idle-watch.ts';
import { type LoopDelay, NO_DELAY, watchLoopDelay } from './operations/loop-delay.ts';
import { Mover } from './operations/mover.ts';
import { Overload } from './operations/overload.ts';
import { streamingRestarter } from './operations/restart-streaming.ts';
import { Refusal, refusalResponse } from './refusal.ts';
import type { SessionOptions } from './session/session-options.ts';
import { Session } from './session.ts';
import { TimerWheel } from './speaking/timer-wheel.ts';
import { startStreamSpan } from './tracing/stream-span.ts';
import { TurnTraces } from './tracing/turn-traces.ts';
import { webPubSubControl } from './web-pubsub/web-pubsub-control.ts';
import { webPubSubLanes } from './web-pubsub/web-pubsub-lane.ts';
import { HandshakeError } from './web-socket/handshake.ts';
import type { WebSocketConnection } from './web-socket/web-socket-connection.ts';
import { WebSocketEndpoint } from './web-socket/web-socket-endpoint.ts';

/** A longer message ends the connection with 1009. Those that are merely too long for a frame are ignored. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Upgrades that are being checked at the same time. */
export const MAX_PENDING_UPGRADES = 256;
/** How long the headers of a request may take. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How long a refused client has to read its answer. */
const REFUSAL_LINGER_MS = 2_000;
/** How long `close` waits for calls to end before it cuts what is left. */
const CLOSE_LIMIT_MS = 5_000;

export interface RelayDependencies {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly openConnection?: OpenLaneConnection;
  readonly openControl?: OpenControlConnection;
  readonly watchLoop?: typeof watchLoopDelay;
  readonly onPublish?: SessionOptions['onPublish'];
}

export interface Relay {
  /** `http://host:port` where it listens. */
  readonly url: string;
  /** Takes no more calls, and has the live ones moved to other relays where that is possible. Idempotent; calls go on, and `close` follows. */
  drain(): Promise<void>;
  /** Takes no more calls, ends the live ones with 1001, and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** Starts a relay. Rejects with the error of `listen` when the port cannot be had. */
export async function startRelay(config: RelayConfig, dependencies: RelayDependencies = {}): Promise<Relay> {
  const server = new RelayServer(config, dependencies);
  await server.listen();
  return server;
}

class RelayServer implements Relay {
  readonly #config: RelayConfig;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #openConnection: OpenLaneConnection;
  readonly #openControl: OpenControlConnection;
  readonly #onPublish: SessionOptions['onPublish'];
  readonly #tokens;
  readonly #registry: CallRegistry;
  readonly #overload: Overload;
  readonly #hops = new Hops();
  #loopDelay: LoopDelay = NO_DELAY;
  readonly #watchLoop: typeof watchLoopDelay;
  #stopWatching = (): void => {};
  readonly #refused = new Counts();
  readonly #http: Server;
  readonly #sockets: WebSocketEndpoint;
  #url = '';
  #pendingUpgrades = 0;
  /** Connections that asked for an upgrade and were not given it, or not yet. */
  readonly #unaccepted = new Set<Duplex>();
  readonly #mover: Mover;
  readonly #handovers: Handovers;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: RelayConfig, dependencies: RelayDependencies) {
    this.#config = config;
    this.#log = dependencies.log ?? createLog(config.logLevel);
    this.#clock = dependencies.clock ?? systemClock;
    this.#sockets = new WebSocketEndpoint({ clock: this.#clock, maxMessageBytes: MAX_PAYLOAD_BYTES });
    this.#wheel = new TimerWheel(this.#clock, (err) =>
      this.#log.error({ err }, 'what was due for a call failed'),
    );
    this.#openConnection = dependencies.openConnection ?? webPubSubLanes(config.webPubSub, this.#log);
    this.#openControl = dependencies.openControl ?? webPubSubControl(config.webPubSub, this.#log);
    const { controlUrl } = config;
    this.#handovers = new Handovers({
      kept: controlUrl === undefined ? undefined : keptHandovers(controlUrl),
      keys: config.ticketKeys,
      log: this.#log,
    });
    this.#mover = new Mover({
      restartStreaming: controlUrl === undefined ? undefined : streamingRestarter(controlUrl),
      deadlineMs: config.drainDeadlineMs,
      clock: this.#clock,
      log: this.#log,
    });
    this.#watchLoop = dependencies.watchLoop ?? watchLoopDelay;
    this.#onPublish = dependencies.onPublish;
    this.#tokens = createAcsTokenVerifier(config.acsTokens);
    this.#overload = new Overload(config.maxLoopDelayMs);
    this.#registry = new CallRegistry(config.maxCalls, () => this.#overload.isOverloaded);
    this.#http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) =>
      answer(request, response, {
        registry: this.#registry,
        maxCalls: config.maxCalls,
        loopDelay: () => this.#loopDelay,
        hops: () => this.#hops.snapshot(),
        refused: () => this.#refused.toRecord(),
        ...(config.adminToken === undefined ? {} : { adminToken: config.adminToken }),
      }),
    );
    this.#http.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  get url(): string {
    return this.#url;
  }

  listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#http.once('error', reject);
    this.#http.listen(this.#config.port, this.#config.host, () => {
      this.#http.off('error', reject);
      const { address, family, port } = this.#http.address() as AddressInfo;
      this.#url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
      this.#stopWatching = this.#watchLoop(this.#clock, (delay) => this.#late(delay));
      this.#log.info({ url: this.url, maxCalls: this.#config.maxCalls }, 'the relay listens');
      resolve();
    });
    return promise;
  }

  #late(delay: LoopDelay): void {
    const before = this.#overload.isOverloaded;
    this.#loopDelay = delay;
    this.#overload.add(delay.p50);
    const { isOverloaded } = this.#overload;
    if (isOverloaded !== before)
      this.#log.warn({ isOverloaded, delayMs: Math.round(delay.p50) }, 'the event loop');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  drain(): Promise<void> {
    this.#registry.refuseMore();
    this.#draining ??= this.#mover.moveAll();
    return this.#draining;
  }

  async #close(): Promise<void> {
    this.#log.info({ calls: this.#registry.liveCount }, 'the relay is shutting down');
    this.#stopWatching();
    const limit = Promise.withResolvers<void>();
    const cancel = this.#clock.after(CLOSE_LIMIT_MS, limit.resolve);
    await Promise.race([this.#endCalls(), limit.promise]);
    cancel();
    this.#sockets.terminateAll();
    const closed = Promise.withResolvers<void>();
    this.#http.close(() => closed.resolve());
    this.#http.closeAllConnections();
    for (const socket of this.#unaccepted) socket.destroy();
    await closed.promise;
  }

  async #endCalls(): Promise<void> {
    const closed = this.#sockets.allClosed();
    await this.#registry.drain('relay shutting down');
    await closed;
  }

  /** Never rejects: a request that cannot be served is answered, and a failure of ours is logged. */
  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const onError = (): void => void socket.destroy();
    const forget = (): void => void this.#unaccepted.delete(socket);
    this.#unaccepted.add(socket);
    socket.on('error', onError);
    socket.once('close', forget);
    try {
      const admission = await this.#admit(request);
      const handover = await this.#handoverTo(admission);
      if (socket.destroyed) return;
      this.#registry.check(admission.ticket.callId, admission.callConnectionId);
      const webSocket = this.#sockets.accept(request, socket, head);
      socket.off('error', onError);
      socket.off('close', forget);
      forget();
      this.#accept(webSocket, admission, handover);
    } catch (error) {
      this.#refuse(
        socket,
        request.url ?? '',
        error instanceof HandshakeError ? new Refusal(400, error.message) : error,
      );
    }
  }

  async #admit(request: IncomingMessage): Promise<Admission> {
    if (this.#closing !== undefined || this.#draining !== undefined) this.#registry.checkCapacity();
    if (this.#pendingUpgrades >= MAX_PENDING_UPGRADES) {
      throw new Refusal(503, 'the relay is full: too many streams are being opened');
    }
    this.#pendingUpgrades += 1;
    try {
      return await admit(
        { url: request.url ?? '', headers: request.headers },
        {
          ticketKeys: this.#config.ticketKeys,
          tokenPolicy: this.#config.acsTokens.policy,
          tokens: this.#tokens,
        },
        this.#clock.nowMs(),
      );
    } finally {
      this.#pendingUpgrades -= 1;
    }
  }

  /** What the call's last stream has left. A live one leaves its lanes when it is replaced, which is now. */
  #handoverTo({ ticket, ticketText, ticketAgeMs }: Admission): Promise<StreamHandover | undefined> {
    const { callId } = ticket;
    return this.#handovers.take({ callId, ticketText }, ticketAgeMs);
  }

  #accept(webSocket: WebSocketConnection, admission: Admission, handover: StreamHandover | undefined): void {
    const { ticket, ticketText, callConnectionId, correlationId } = admission;
    const { callId } = ticket;
    const log = this.#log.child({ callId, callConnectionId });
    const media = openMediaSocket(webSocket, this.#clock);
    const span = startStreamSpan({
      callId,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(ticket.traceparent === undefined ? {} : { traceparent: ticket.traceparent }),
    });
    const turns = new TurnTraces(span, this.#clock, this.#hops.speechLatency);
    const meter = new CallMeter(this.#hops, this.#clock, ticket.plan.format);
    const idle = this.#watchIdle(admission, log);
    const metered = meter.socket(media);
    const session = new Session({
      ticket,
      callConnectionId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(handover === undefined ? {} : { handover }),
      onHandover: (left, isKept) => this.#handovers.leave({ callId, ticketText }, left, isKept),
      isMovable: this.#config.controlUrl !== undefined,
      socket: idle?.socket(metered) ?? metered,
      ...(idle === undefined ? {} : { activity: idle }),
      openConnection: meter.lanes(turns.lanes(this.#openConnection)),
      observeTurns: (worker) => turns.observe(worker),
      openControl: this.#openControl,
      controlKeys: this.#config.ticketKeys,
      maxBacklogMs: this.#config.maxBacklogMs,
      jitterBufferMs: this.#config.jitterBufferMs,
      playoutLeadMs: this.#config.playoutLeadMs,
      clock: this.#clock,
      wheel: this.#wheel,
      log,
      ...(this.#onPublish === undefined ? {} : { onPublish: this.#onPublish }),
    });
    this.#registry.add(session);
    this.#mover.follow({
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
        session.receive(data, isBinary);
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
    const { controlUrl } = this.#config;
    const { callId, plan } = ticket;
    if (plan.idleMs === undefined || controlUrl === undefined) return undefined;
    const endCall = async (): Promise<void> => {
      const status = await askControlApp(controlUrl + idlePath(callId), ticketText);
      log.info({ status, idleMs: plan.idleMs }, 'nobody says anything: the call is to end');
    };
    return new IdleWatch({ idleMs: plan.idleMs, clock: this.#clock, endCall });
  }

  #refuse(socket: Duplex, url: string, error: unknown): void {
    const refusal =
      error instanceof Refusal ? error : new Refusal(503, 'the relay could not check this request');
    this.#refused.add(String(refusal.status));
    if (error instanceof Refusal) {
      this.#log.info({ url, status: refusal.status, reason: refusal.message }, 'refused a media stream');
    } else this.#log.error({ url, err: error }, 'could not check a media stream');
    if (socket.destroyed) return;
    socket.end(refusalResponse(refusal));
    const cancel = this.#clock.after(REFUSAL_LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
  }
}
