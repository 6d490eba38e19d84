/**
 * The relay process: a WebSocket server to which ACS streams calls, at `/media/{callId}?ticket={ticket}`.
 * It holds only what lives as long as a socket, so any relay can serve any call. This file wires the relay together.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../shared/base/clock.ts';
import { isLoopbackHost } from '../shared/base/loopback-url.ts';
import { createAcsTokenVerifier } from '../shared/wire/acs/acs-token.ts';
import { HeldAudio } from './audio/held-audio.ts';
import { TimerWheel } from './base/timer-wheel.ts';
import { handoverClient } from './handover/handover-client.ts';
import { Handovers } from './handover/handovers.ts';
import type { OpenControlConnection, OpenLaneConnection } from './lane/lane-connection.ts';
import { HeardAudio } from './listen/heard-audio.ts';
import { CallMigrator } from './operate/call-migrator.ts';
import { ControlAppClient } from './operate/control-app.ts';
import { LatencyMetrics } from './operate/latency-metrics.ts';
import { createLog } from './operate/log.ts';
import { watchLoopDelay } from './operate/loop-delay.ts';
import { LoopWatch } from './operate/loop-watch.ts';
import { NoteOffice } from './operate/note-office.ts';
import { StreamReports } from './operate/stream-reports.ts';
import { StreamRestarts } from './operate/stream-restarts.ts';
import { CallRegistry, queuedBytesOf } from './serve/call-registry.ts';
import { answering, httpLimits, httpServer } from './serve/http.ts';
import { SessionFactory } from './serve/session-factory.ts';
import { UpgradeHandler } from './serve/upgrade-handler.ts';
import { WebSocketEndpoint } from './serve/web-socket-endpoint.ts';
import type { RelayConfig } from './settings/relay-config.ts';
import { webPubSubControl, webPubSubLanes } from './web-pubsub/web-pubsub-lane.ts';

/** A longer message ends the connection with 1009. Messages that are merely too long for a frame are ignored. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** How long `close` waits for calls to end before it cuts the rest. */
const CLOSE_LIMIT_MS = 5_000;

interface RelayDependencies {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Draws a number from 0 up to, but not including, 1. Defaults to `Math.random`. */
  readonly random?: () => number;
  readonly openConnection?: OpenLaneConnection;
  readonly openControl?: OpenControlConnection;
  readonly watchLoop?: typeof watchLoopDelay;
  /** Default to `httpLimits` of the config. */
  readonly limits?: ReturnType<typeof httpLimits>;
}

export interface Relay {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /**
   * Takes no more calls, and moves the live ones to other relays if it can. Calls that it cannot move go on. `close`
   * comes next. Idempotent.
   */
  drain(): Promise<void>;
  /** Takes no more calls, ends the live ones with 1001, and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** Starts a relay. Rejects with the error of `listen` when it cannot have the port. */
export async function startRelay(config: RelayConfig, dependencies: RelayDependencies = {}): Promise<Relay> {
  const server = new RelayServer(config, dependencies);
  await server.listen();
  return server;
}

class RelayServer implements Relay {
  readonly #config: RelayConfig;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #loop: LoopWatch;
  readonly #registry: CallRegistry;
  readonly #migrator: CallMigrator;
  readonly #notes: NoteOffice;
  readonly #sockets: WebSocketEndpoint;
  readonly #upgrades: UpgradeHandler;
  readonly #http: Server;
  #url = '';
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: RelayConfig, dependencies: RelayDependencies) {
    const {
      clock = systemClock,
      random = Math.random,
      log = createLog(config.logLevel),
      watchLoop = watchLoopDelay,
      limits = httpLimits(config.maxCalls),
    } = dependencies;
    const webPubSub = { access: config.webPubSub, clock, log };
    const { controlUrl, maxLoopDelayMs: maxDelayMs, ticketKeys } = config;
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#loop = new LoopWatch({ maxDelayMs, clock, log, watch: watchLoop });
    this.#registry = new CallRegistry(config.maxCalls, () => this.#loop.isOverloaded, queuedBytesOf(config));
    const controlApp = controlUrl === undefined ? undefined : new ControlAppClient(controlUrl, clock);
    this.#migrator = new CallMigrator({
      controlApp,
      deadlineMs: config.drainDeadlineMs,
      clock,
      log,
    });
    this.#sockets = new WebSocketEndpoint({ clock, maxMessageBytes: MAX_PAYLOAD_BYTES });
    const handovers = new Handovers({
      client: controlUrl === undefined ? undefined : handoverClient(controlUrl, clock),
      keys: ticketKeys,
      clock,
      log,
    });
    const metrics = new LatencyMetrics();
    this.#notes = new NoteOffice({ controlApp, clock, random });
    const isStreamed = (callId: string): boolean => this.#registry.isLive(callId);
    const reports = new StreamReports({ controlApp, isStreamed, clock, log });
    const sessions = new SessionFactory({
      environment: {
        openConnection: dependencies.openConnection ?? webPubSubLanes(webPubSub),
        openControl: dependencies.openControl ?? webPubSubControl(webPubSub),
        settings: config,
        clock,
        random,
        wheel: new TimerWheel(clock, (err) => log.error({ err }, 'a timer of a call failed')),
        held: new HeldAudio(),
        heard: new HeardAudio(),
      },
      registry: this.#registry,
      handovers,
      migrator: this.#migrator,
      restarts: new StreamRestarts({
        controlApp,
        isStreamed,
        onGivenUp: (call) => reports.lost(call),
        clock,
        log,
      }),
      reports,
      notes: this.#notes,
      controlApp,
      metrics,
      log,
    });
    this.#upgrades = new UpgradeHandler({
      rules: {
        ticketKeys,
        tokenPolicy: config.acsTokens.policy,
        tokens: createAcsTokenVerifier({ ...config.acsTokens, now: () => clock.nowMs() }),
      },
      registry: this.#registry,
      handovers,
      sockets: this.#sockets,
      onAccepted: (webSocket, admission, handover) => sessions.serve(webSocket, admission, handover),
      clock,
      log,
    });
    const serve = answering({
      registry: this.#registry,
      maxCalls: config.maxCalls,
      loopDelay: () => this.#loop.delay,
      latencies: () => metrics.snapshot(),
      residentBytes: () => process.memoryUsage.rss(),
      refused: () => this.#upgrades.refused,
      notes: () => this.#notes.totals,
      adminToken: config.adminToken,
      isLocal: isLoopbackHost(config.host),
      clock,
    });
    this.#http = httpServer(serve, limits);
    this.#http.on('upgrade', (request, socket, head) => void this.#upgrades.upgrade(request, socket, head));
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
      this.#loop.start();
      this.#log.info({ url: this.url, maxCalls: this.#config.maxCalls }, 'the relay listens for calls');
      resolve();
    });
    return promise;
  }

  drain(): Promise<void> {
    this.#registry.refuseMore();
    this.#draining ??= this.#migrator.moveAll();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#log.info({ calls: this.#registry.liveCount }, 'the relay is shutting down');
    this.#loop.stop();
    const limit = Promise.withResolvers<void>();
    const cancel = this.#clock.after(CLOSE_LIMIT_MS, limit.resolve);
    await Promise.race([this.#endCalls(), limit.promise]);
    cancel();
    this.#sockets.terminateAll();
    const closed = Promise.withResolvers<void>();
    this.#http.close(() => closed.resolve());
    this.#http.closeAllConnections();
    this.#upgrades.destroyAll();
    await closed.promise;
  }

  async #endCalls(): Promise<void> {
    const closed = this.#sockets.allClosed();
    await this.#registry.drain('relay shutting down');
    await closed;
    await this.#notes.settled();
  }
}
