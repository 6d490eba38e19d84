/**
 * A client of Azure Web PubSub: one connection over `protobuf.reliable.webpubsub.azure.v1`. The relay's lanes and the
 * resident workers use it.
 *
 *     connecting ──`connected`──▶ connected ──socket lost──▶ recovering ──socket open──▶ connected
 *         │                           │                          │
 *         │socket lost or refused     │1008, or released         │1008, no socket within RECOVERY_LIMIT_MS
 *         └───────────────────────────┴──────────────────────────┴─────────────▶ closed ◀── stop(), in any state
 *
 * - Groups: name them when you ask for the access token, or send `joinGroup`. Both outlast a recovery. `data` reports
 *   what is published there, each message once and in order, also when the connection was recovered meanwhile.
 * - Publish with `sendToGroup`, raise an event with `sendEvent`. With an `ackId`, `acked` reports what became of it.
 *   The connection keeps no message: after a loss, send what was not acknowledged again in `recovered`, under the same
 *   `ackId`. The service answers `Duplicate` when it has handled that id.
 * - `closed` means that the service has forgotten the connection, or could not be reached for RECOVERY_LIMIT_MS. Its
 *   groups are gone with it: make another connection, after a wait.
 *
 * The rules of the subprotocol are those of Azure Web PubSub, "Create reliable clients". With the close code 1008 the
 * service says that it has forgotten the connection.
 */

import type { Clock } from '../base/clock.ts';
import { afterSilence } from '../base/own-pause.ts';
import { RareLines } from '../base/rare-lines.ts';
import { openWebSocket } from '../web-socket/open-web-socket.ts';
import type { WebSocketConnection } from '../web-socket/web-socket-connection.ts';
import { ProtobufError } from './protobuf.ts';
import { ReceivedSequence } from './received-sequence.ts';
import {
  type DownstreamMessage,
  readDownstream,
  type UpstreamMessage,
  writeUpstream,
} from './web-pubsub-protobuf.ts';

const SUBPROTOCOL = 'protobuf.reliable.webpubsub.azure.v1';
/** Web PubSub takes messages of up to 1 MB, and adds an envelope to what it sends. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** How often the client checks that the service is there and knows what has come. */
const TICK_MS = 5_000;
const UNREADABLE_LINE_MS = 10_000;
/** More bytes that wait to be written than a working socket leaves: some seconds of audio. */
const CONGESTED_BYTES = 128 * 1024;
/**
 * A connection on which nothing comes for this long is dead, although nothing has closed it. The service answers a ping
 * only after the event before it, so this is longer than a handler and every retry of its webhook may take.
 */
const SILENCE_LIMIT_MS = 30_000;
/** How long the service keeps a lost connection. */
const RECOVERY_LIMIT_MS = 30_000;
const RECOVERY_WAIT_MS = 1_000;
/** How long it may take until the service says that it has accepted the connection, the access token included. */
const ACCEPT_LIMIT_MS = 10_000;
const CLOSE_NORMAL = 1000;
const CLOSE_POLICY_VIOLATION = 1008;

/** What a client needs to take a connection up again, or to take it over from another client. */
interface ConnectionIdentity {
  readonly connectionId: string;
  readonly reconnectionToken: string;
}

export type DataMessage = Extract<DownstreamMessage, { kind: 'groupData' | 'serverData' }>;
export type AckMessage = Extract<DownstreamMessage, { kind: 'ack' }>;

interface ClientConnectionListener {
  /** Bytes in it are valid until this returns. */
  data(message: DataMessage): void;
  acked(message: AckMessage): void;
  /** The connection was lost and is back, with its groups. */
  recovered(): void;
  /** The connection is gone for good. Called at most once, and not after `stop`. */
  closed(): void;
  /** A message was ignored, since it is no message of the subprotocol. Called every ten seconds at most. */
  unreadable(): void;
  /** This listener threw an error, which is a fault of this program. `closed` follows. */
  failed(error: unknown): void;
}

interface ClientConnectionOptions {
  /** Returns the address with an access token. Called once. */
  readonly url: () => Promise<string>;
  /** Take this connection over instead of opening one. */
  readonly resume?: ConnectionIdentity;
  readonly clock: Clock;
  readonly listener: ClientConnectionListener;
}

type State = 'connecting' | 'connected' | 'recovering' | 'closed';

export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  readonly #unreadable: RareLines;
  readonly #received = new ReceivedSequence();
  readonly #accepted = Promise.withResolvers<void>();
  #state: State = 'connecting';
  #url = '';
  #socket: WebSocketConnection | undefined;
  #identity: ConnectionIdentity | undefined;
  #isReleased = false;
  /** A message was sent since the last tick. */
  #hasSent = false;
  #heardAtMs = 0;
  /** When the connection was lost; undefined when something has come since. */
  #lostAtMs: number | undefined;
  #cancelTick = (): void => {};
  #cancelWait = (): void => {};

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#unreadable = new RareLines(UNREADABLE_LINE_MS, () => options.clock.elapsedMs());
    this.#identity = options.resume;
    // `start` may never be called.
    this.#accepted.promise.catch(() => {});
  }

  /** What another client needs to take the connection over; undefined before it is known, and once it is closed. */
  get identity(): ConnectionIdentity | undefined {
    return this.#state === 'closed' ? undefined : this.#identity;
  }

  /** Much still waits to be written. */
  get isFull(): boolean {
    return (this.#socket?.bufferedBytes ?? 0) > CONGESTED_BYTES;
  }

  /** Nothing can be written now, or much still waits to be written. */
  get isCongested(): boolean {
    return this.#state !== 'connected' || this.isFull;
  }

  /**
   * Resolves when the service has accepted the connection. Called once.
   * @rejects Error when it does not within `ACCEPT_LIMIT_MS`, or when `stop` is called first
   */
  async start(): Promise<void> {
    // A service that takes the socket and then says nothing would be waited for without end.
    const cancelLimit = afterSilence(this.#options.clock, ACCEPT_LIMIT_MS, () => this.stop());
    try {
      await Promise.race([this.#open(), this.#accepted.promise]);
      await this.#accepted.promise;
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      cancelLimit();
    }
  }

  async #open(): Promise<void> {
    this.#url = await this.#options.url();
    if (!this.#isOver()) await this.#dial();
  }

  /** Writes a message, which is not kept. Returns whether there was a connection to write it to. */
  send(message: UpstreamMessage): boolean {
    if (this.#state !== 'connected' || this.#socket?.sendBytes(writeUpstream(message)) !== true) return false;
    this.#hasSent = true;
    return true;
  }

  /** Leaves the connection to its next holder: it confirms nothing that comes from now on, and a loss is the end. */
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

  /** Opens the socket, for a new connection or for the known one. */
  async #dial(): Promise<void> {
    const { clock } = this.#options;
    const address = this.#identity === undefined ? this.#url : recoveryUrl(this.#url, this.#identity);
    const limits = { subprotocol: SUBPROTOCOL, clock, maxMessageBytes: MAX_MESSAGE_BYTES };
    const socket = await openWebSocket(address, limits);
    this.#socket = socket;
    this.#heardAtMs = clock.elapsedMs();
    socket.listen({
      message: this.#receive,
      alive: () => {},
      closed: (code) => this.#lost(code),
    });
    if (this.#isOver()) socket.close(CLOSE_NORMAL, '');
  }

  readonly #receive = (data: Buffer, isBinary: boolean): void => {
    if (this.#state === 'closed') return;
    const { clock, listener } = this.#options;
    this.#heardAtMs = clock.elapsedMs();
    this.#lostAtMs = undefined;
    try {
      if (!isBinary) throw new ProtobufError('a message is text');
      const message = readDownstream(data);
      if (message !== undefined) this.#handle(message);
    } catch (error) {
      if (error instanceof ProtobufError) {
        if (this.#unreadable.next() !== undefined) listener.unreadable();
        return;
      }
      // A fault costs this connection and no other.
      listener.failed(error);
      this.#giveUp();
    }
  };

  #handle(message: DownstreamMessage): void {
    if (message.kind === 'connected') {
      const { connectionId, reconnectionToken } = message;
      this.#identity = { connectionId, reconnectionToken };
    }
    // The service may hand a connection over without a `connected`.
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
      // The close code of the socket says what follows.
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
    this.#cancelTick = afterSilence(this.#options.clock, TICK_MS, () => {
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

  /** Tells the service what has come, so that it stops keeping it. */
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

  /**
   * At once the first time, then at intervals. An attempt that is accepted and lost again in silence counts as failed.
   */
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
        // The connection may be lost again by now.
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

/** The address at which a client takes a connection up again. */
function recoveryUrl(clientUrl: string, { connectionId, reconnectionToken }: ConnectionIdentity): string {
  const url = new URL(clientUrl);
  url.searchParams.set('awps_connection_id', connectionId);
  url.searchParams.set('awps_reconnection_token', reconnectionToken);
  return url.href;
}
