/**
 * A connection to Azure Web PubSub as one of its clients, over `protobuf.reliable.webpubsub.azure.v1`. Whoever holds it sends what was not
 * acknowledged again, under the same ack id, when the connection is back after a loss.
 *
 *     connecting ──`connected`──▶ connected ──socket lost──▶ recovering ──socket open──▶ connected
 *         │                           │                          │
 *         │socket lost or refused     │1008, or released         │1008, no socket within RECOVERY_LIMIT_MS
 *         └───────────────────────────┴──────────────────────────┴─────────────▶ closed ◀── stop(), in any state
 *
 * Rules of the subprotocol: Azure Web PubSub, "Create reliable clients". The close code 1008 says that the service has forgotten the connection.
 */

import type { Clock } from '../base/clock.ts';
import { openWebSocket } from '../web-socket/open-web-socket.ts';
import type { WebSocketConnection } from '../web-socket/web-socket-connection.ts';
import type { LaneIdentity } from '../wire/relay/stream-handover.ts';
import { ProtobufError } from './protobuf-fields.ts';
import { ReceivedSequence } from './received-sequence.ts';
import {
  type DownstreamMessage,
  readDownstream,
  type UpstreamMessage,
  writeUpstream,
} from './web-pubsub-protobuf.ts';

const SUBPROTOCOL = 'protobuf.reliable.webpubsub.azure.v1';
/** Web PubSub takes no longer messages than 1 MB; what it sends has an envelope besides. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** How often it is looked whether the other side is there, and knows what has come. */
const TICK_MS = 5_000;
/** Some seconds of audio. */
const CONGESTED_BYTES = 128 * 1024;
/**
 * A connection on which nothing comes for this long is dead, though no one has said so. The service answers a ping only
 * after the event before it, so this is more than a handler and every retry of its webhook may take.
 */
const SILENCE_LIMIT_MS = 30_000;
/** The service keeps a lost connection this long. */
const RECOVERY_LIMIT_MS = 30_000;
const RECOVERY_WAIT_MS = 1_000;
const CLOSE_NORMAL = 1000;
const CLOSE_POLICY_VIOLATION = 1008;

export type DataMessage = Extract<DownstreamMessage, { kind: 'groupData' | 'serverData' }>;
export type AckMessage = Extract<DownstreamMessage, { kind: 'ack' }>;

export interface ClientConnectionListener {
  /** Bytes in it are valid until this returns. */
  data(message: DataMessage): void;
  acked(message: AckMessage): void;
  /** The connection was lost and is back. */
  recovered(): void;
  /** The connection is gone for good. Called at most once, and not after `stop`. */
  closed(): void;
  /** A message was ignored because it is no message of the subprotocol. */
  unreadable(): void;
  /** This listener threw when it was told something, which is a fault of this program. `closed` follows. */
  failed(error: unknown): void;
}

export interface ClientConnectionOptions {
  /** The address with an access token. Asked for once. */
  readonly url: () => Promise<string>;
  /** Take this connection over instead of opening one. */
  readonly resume?: LaneIdentity;
  readonly clock: Clock;
  readonly listener: ClientConnectionListener;
}

type State = 'connecting' | 'connected' | 'recovering' | 'closed';

export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  readonly #received = new ReceivedSequence();
  readonly #accepted = Promise.withResolvers<void>();
  #state: State = 'connecting';
  #url = '';
  #socket: WebSocketConnection | undefined;
  #identity: LaneIdentity | undefined;
  #isReleased = false;
  /** Since the last tick. */
  #hasSent = false;
  #heardAtMs = 0;
  /** When it was lost; undefined once something has come since. */
  #lostAtMs: number | undefined;
  #cancelTick = (): void => {};
  #cancelWait = (): void => {};

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#identity = options.resume;
    // Nobody need wait for it.
    this.#accepted.promise.catch(() => {});
  }

  /** By what another holder may take the connection over; undefined before it is known, and when it is closed. */
  get identity(): LaneIdentity | undefined {
    return this.#state === 'closed' ? undefined : this.#identity;
  }

  /** Nothing can be written, or more waits to be than a socket that works would leave. */
  get isCongested(): boolean {
    return this.#state !== 'connected' || (this.#socket?.bufferedBytes ?? 0) > CONGESTED_BYTES;
  }

  /**
   * Resolves when the service has accepted the connection. Called once.
   * @rejects Error when it has not, or when `stop` is called first
   */
  async start(): Promise<void> {
    try {
      this.#url = await this.#options.url();
      if (!this.#isOver()) await this.#dial();
    } catch (error) {
      this.stop();
      throw error;
    }
    await this.#accepted.promise;
  }

  /** Writes a message, which is not kept. Answers whether there was a connection to write it to. */
  send(message: UpstreamMessage): boolean {
    if (this.#state !== 'connected' || this.#socket?.isOpen !== true) return false;
    this.#socket.sendBytes(writeUpstream(message));
    this.#hasSent = true;
    return true;
  }

  /** Leaves the connection to whoever takes it over: what comes is not confirmed any more, and a loss is the end. */
  release(): void {
    this.#isReleased = true;
  }

  /** Idempotent. */
  stop(): void {
    if (this.#isOver()) return;
    this.#state = 'closed';
    this.#cancelTick();
    this.#cancelWait();
    this.#socket?.close(CLOSE_NORMAL, '');
    this.#accepted.reject(new Error('the connection to Web PubSub was closed before it was accepted'));
  }

  /** Opens the socket, for the connection that is known if there is one. */
  async #dial(): Promise<void> {
    const { clock } = this.#options;
    const address = this.#identity === undefined ? this.#url : recoveryUrl(this.#url, this.#identity);
    const limits = { subprotocol: SUBPROTOCOL, clock, maxMessageBytes: MAX_MESSAGE_BYTES };
    const socket = await openWebSocket(address, limits);
    this.#socket = socket;
    this.#heardAtMs = clock.elapsedMs();
    socket.listen({
      message: (data, isBinary) => this.#read(data, isBinary),
      alive: () => {},
      closed: (code) => this.#lost(code),
    });
    if (this.#isOver()) socket.close(CLOSE_NORMAL, '');
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (this.#isOver()) return;
    this.#heardAtMs = this.#options.clock.elapsedMs();
    this.#lostAtMs = undefined;
    const message = isBinary ? parse(data) : 'unreadable';
    if (message === 'unreadable') this.#options.listener.unreadable();
    else if (message !== undefined) this.#tell(message);
  }

  /** A fault costs this connection and no other. */
  #tell(message: DownstreamMessage): void {
    try {
      this.#take(message);
    } catch (error) {
      this.#options.listener.failed(error);
      this.#giveUp();
    }
  }

  #take(message: DownstreamMessage): void {
    if (message.kind === 'connected') {
      const { connectionId, reconnectionToken } = message;
      this.#identity = { connectionId, reconnectionToken };
    }
    // One that is taken over may be taken without a word.
    if (this.#state === 'connecting' && this.#identity !== undefined) this.#accept();
    switch (message.kind) {
      case 'ack':
        this.#options.listener.acked(message);
        break;
      case 'groupData':
      case 'serverData':
        if (!this.#received.take(message.sequenceId)) return;
        if (this.#received.isConfirmationDue(this.#heardAtMs)) this.#confirm();
        this.#options.listener.data(message);
        break;
      case 'connected':
      // The close of the socket says what is to be done.
      case 'disconnected':
      case 'pong':
        break;
    }
  }

  #accept(): void {
    this.#state = 'connected';
    this.#startTicking();
    this.#accepted.resolve();
  }

  #startTicking(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#startTicking();
      if (this.#state === 'connected') this.#tick();
    });
  }

  #tick(): void {
    const silentMs = this.#options.clock.elapsedMs() - this.#heardAtMs;
    if (silentMs > SILENCE_LIMIT_MS) {
      this.#socket?.terminate();
      return;
    }
    this.#confirm();
    if (!this.#hasSent || silentMs >= TICK_MS) this.send({ kind: 'ping' });
    this.#hasSent = false;
  }

  /** Tells the service what has come, so that it need not keep it. */
  #confirm(): void {
    const sequenceId = this.#received.unconfirmed;
    if (sequenceId === undefined || this.#isReleased) return;
    if (this.send({ kind: 'sequenceAck', sequenceId })) this.#received.confirmed(this.#heardAtMs);
  }

  #lost(code: number): void {
    this.#socket = undefined;
    if (this.#isOver()) return;
    const isForgotten = code === CLOSE_POLICY_VIOLATION;
    if (this.#state !== 'connecting' && !isForgotten && !this.#isReleased) this.#recover();
    else this.#giveUp();
  }

  /** At once for the first time; then at intervals, also when each attempt is accepted and lost again without a word. */
  #recover(): void {
    const nowMs = this.#options.clock.elapsedMs();
    const isFirst = this.#lostAtMs === undefined;
    this.#lostAtMs ??= nowMs;
    this.#state = 'recovering';
    if (nowMs - this.#lostAtMs >= RECOVERY_LIMIT_MS) this.#giveUp();
    else if (isFirst) this.#redial();
    else this.#cancelWait = this.#options.clock.after(RECOVERY_WAIT_MS, () => this.#redial());
  }

  #redial(): void {
    this.#dial().then(
      () => {
        // It may be lost again by now.
        if (this.#state !== 'recovering' || this.#socket === undefined) return;
        this.#state = 'connected';
        this.#options.listener.recovered();
      },
      () => {
        if (this.#state === 'recovering') this.#recover();
      },
    );
  }

  #giveUp(): void {
    if (this.#isOver()) return;
    const wasAccepted = this.#state !== 'connecting';
    this.stop();
    if (wasAccepted) this.#options.listener.closed();
  }

  #isOver(): boolean {
    return this.#state === 'closed';
  }
}

/** The address under which a client takes up a connection again. */
function recoveryUrl(clientUrl: string, { connectionId, reconnectionToken }: LaneIdentity): string {
  const url = new URL(clientUrl);
  url.searchParams.set('awps_connection_id', connectionId);
  url.searchParams.set('awps_reconnection_token', reconnectionToken);
  return url.href;
}

/** Undefined for a kind of message that this version does not know. */
function parse(data: Buffer): DownstreamMessage | 'unreadable' | undefined {
  try {
    return readDownstream(data);
  } catch (error) {
    if (error instanceof ProtobufError) return 'unreadable';
    throw error;
  }
}
