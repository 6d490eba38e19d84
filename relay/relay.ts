/**
 * The relay process: a WebSocket server to which ACS streams calls, at `/media/{callId}?ticket={ticket}`.
 * It holds what lives as long as a socket and nothing else, so that any relay can serve any call.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../shared/base/clock.ts';
import { WebSocketEndpoint } from '../shared/web-socket/web-socket-endpoint.ts';
import { createAcsTokenVerifier } from '../shared/wire/acs/acs-token.ts';
import { TimerWheel } from './base/timer-wheel.ts';
import { handoverClient } from './handover/handover-client.ts';
import { Handovers } from './handover/handovers.ts';
import type { OpenControlConnection, OpenLaneConnection } from './lane/lane-connection.ts';
import { Hops } from './operate/hops.ts';
import { createLog } from './operate/log.ts';
import type { watchLoopDelay } from './operate/loop-delay.ts';
import { LoopWatch } from './operate/loop-watch.ts';
import { Mover } from './operate/mover.ts';
import { streamingRestarter } from './operate/restart-streaming.ts';
import { CallRegistry } from './serve/call-registry.ts';
import { answer } from './serve/http.ts';
import { MediaStreams } from './serve/session-factory.ts';
import { MediaUpgrades } from './serve/upgrade-handler.ts';
import type { SessionOptions } from './session/session-options.ts';
import type { RelayConfig } from './settings/relay-config.ts';
import { webPubSubControl } from './web-pubsub/web-pubsub-control.ts';
import { webPubSubLanes } from './web-pubsub/web-pubsub-lane.ts';

/** A longer message ends the connection with 1009. Those that are merely too long for a frame are ignored. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** How long the headers of a request may take. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How long `close` waits for calls to end before it cuts what is left. */
const CLOSE_LIMIT_MS = 5_000;

export interface RelayDependencies {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Draws a number from 0 up to, but not including, 1. */
  readonly random?: () => number;
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
  readonly #loop: LoopWatch;
  readonly #registry: CallRegistry;
  readonly #mover: Mover;
  readonly #sockets: WebSocketEndpoint;
  readonly #upgrades: MediaUpgrades;
  readonly #http: Server;
  #url = '';
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: RelayConfig, dependencies: RelayDependencies) {
    const { clock = systemClock, random = Math.random, watchLoop: watch } = dependencies;
    const { log = createLog(config.logLevel) } = dependencies;
    const webPubSub = { access: config.webPubSub, clock, log };
    const { controlUrl, maxLoopDelayMs: maxDelayMs, ticketKeys } = config;
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#loop = new LoopWatch({ maxDelayMs, clock, log, ...(watch === undefined ? {} : { watch }) });
    this.#registry = new CallRegistry(config.maxCalls, () => this.#loop.isOverloaded);
    this.#mover = new Mover({
      restartStreaming: controlUrl === undefined ? undefined : streamingRestarter(controlUrl),
      deadlineMs: config.drainDeadlineMs,
      clock,
      log,
    });
    this.#sockets = new WebSocketEndpoint({ clock, maxMessageBytes: MAX_PAYLOAD_BYTES });
    const handovers = new Handovers({
      client: controlUrl === undefined ? undefined : handoverClient(controlUrl),
      keys: ticketKeys,
      log,
    });
    const hops = new Hops();
    const streams = new MediaStreams({
      config,
      registry: this.#registry,
      handovers,
      mover: this.#mover,
      hops,
      openConnection: dependencies.openConnection ?? webPubSubLanes(webPubSub),
      openControl: dependencies.openControl ?? webPubSubControl(webPubSub),
      onPublish: dependencies.onPublish,
      clock,
      random,
      wheel: new TimerWheel(clock, (err) => log.error({ err }, 'what was due for a call failed')),
      log,
    });
    this.#upgrades = new MediaUpgrades({
      rules: {
        ticketKeys,
        tokenPolicy: config.acsTokens.policy,
        tokens: createAcsTokenVerifier(config.acsTokens),
      },
      registry: this.#registry,
      handovers,
      sockets: this.#sockets,
      onAccepted: (webSocket, admission, handover) => streams.serve(webSocket, admission, handover),
      clock,
      log,
    });
    this.#http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) =>
      answer(request, response, {
        registry: this.#registry,
        maxCalls: config.maxCalls,
        loopDelay: () => this.#loop.delay,
        hops: () => hops.snapshot(),
        refused: () => this.#upgrades.refused,
        ...(config.adminToken === undefined ? {} : { adminToken: config.adminToken }),
      }),
    );
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
      this.#log.info({ url: this.url, maxCalls: this.#config.maxCalls }, 'the relay listens');
      resolve();
    });
    return promise;
  }

  drain(): Promise<void> {
    this.#registry.refuseMore();
    this.#draining ??= this.#mover.moveAll();
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
  }
}
