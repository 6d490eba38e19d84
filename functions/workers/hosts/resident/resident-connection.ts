/**
 * A resident worker's connection to Web PubSub for one call: it hears the call's group for it, and speaks into its own.
 *
 *     connecting ──accepted──▶ connected ──lost for good──▶ waiting ──back-off──▶ connecting
 *         └──first attempt failed: start() rejects             └──ATTEMPTS failed, stop()──▶ over
 *
 * A short loss is the business of the client: the connection comes back as the same one, with what was missed.
 */
import type { Logger } from 'pino';
import { BackOff } from '../../../../shared/base/back-off.ts';
import type { Clock } from '../../../../shared/base/clock.ts';
import { stackOf } from '../../../../shared/base/errors.ts';
import { clientAddresses, type WebPubSubAccess } from '../../../../shared/web-pubsub/client-addresses.ts';
import { ClientConnection, type DataMessage } from '../../../../shared/web-pubsub/client-connection.ts';
import { downGroup, upGroup } from '../../../../shared/wire/names.ts';

/** A call of which nothing is heard for a minute is over (`SILENCE_LIMIT_MS`): these attempts take longer than that. */
const REOPEN = { firstMs: 200, longestMs: 5_000, attempts: 30 } as const;

/** How long a message may wait while the service takes nothing, and how often the connection looks. */
const WRITE_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 20;

interface ResidentListener {
  /** Audio in RTP, or the text of an event. The bytes are the listener's own. */
  message(message: Uint8Array | string): void;
}

export interface ResidentConnection {
  /** Resolves when the group is joined. @rejects Error when it cannot be joined */
  start(): Promise<void>;
  /**
   * Publishes audio or JSON text to the relay (`down`) or to every client that hears the call for this worker (`up`).
   * Resolves when it is written, in the order of the calls; Web PubSub does not acknowledge it. It waits while much is
   * still to be written, so that a worker that awaits this cannot fill the memory.
   * @rejects Error while there is no connection, since live audio is not kept for later, and after `WRITE_LIMIT_MS`
   */
  publish(to: 'down' | 'up', message: Uint8Array<ArrayBuffer> | string): Promise<void>;
  /** Idempotent. */
  stop(): void;
}

interface ResidentTarget {
  readonly callId: string;
  readonly worker: string;
}

export type OpenResidentConnection = (
  target: ResidentTarget,
  listener: ResidentListener,
) => ResidentConnection;

interface ResidentConnectionOptions {
  readonly access: WebPubSubAccess;
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export function residentConnections(options: ResidentConnectionOptions): OpenResidentConnection {
  const addressOf = clientAddresses(options.access);
  return (target, listener) => new CallConnection(options, addressOf, target, listener);
}

class CallConnection implements ResidentConnection {
  readonly #options: ResidentConnectionOptions;
  readonly #address: () => Promise<string>;
  readonly #groups: Readonly<Record<'up' | 'down', string>>;
  readonly #log: Logger;
  readonly #listener: ResidentListener;
  readonly #backOff: BackOff;
  #connection: ClientConnection | undefined;
  #last: Promise<void> = Promise.resolve();
  #isStopped = false;
  #cancelWait = (): void => {};

  constructor(
    options: ResidentConnectionOptions,
    addressOf: ReturnType<typeof clientAddresses>,
    { callId, worker }: ResidentTarget,
    listener: ResidentListener,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#log = options.log.child({ callId, worker });
    this.#backOff = new BackOff({ ...REOPEN, random: options.random });
    const groups = { up: upGroup(callId, worker), down: downGroup(callId, worker) };
    this.#groups = groups;
    const roles = Object.values(groups).map((group) => `webpubsub.sendToGroup.${group}`);
    this.#address = () => addressOf({ userId: callId, groups: [groups.up], roles });
  }

  start(): Promise<void> {
    return this.#open();
  }

  publish(to: 'down' | 'up', message: Uint8Array<ArrayBuffer> | string): Promise<void> {
    const untilMs = this.#options.clock.elapsedMs() + WRITE_LIMIT_MS;
    const written = this.#last.then(() => this.#write(to, message, untilMs));
    this.#last = written.catch(() => {});
    return written;
  }

  async #write(to: 'down' | 'up', message: Uint8Array<ArrayBuffer> | string, untilMs: number): Promise<void> {
    const { clock } = this.#options;
    while (this.#connection?.isFull === true) {
      if (clock.elapsedMs() >= untilMs) throw new Error('Web PubSub takes no more at the moment');
      await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
    }
    const data =
      typeof message === 'string'
        ? ({ type: 'text', text: message } as const)
        : ({ type: 'binary', bytes: message } as const);
    const group = this.#groups[to];
    if (this.#connection?.send({ kind: 'sendToGroup', group, data, noEcho: true }) !== true)
      throw new Error('there is no connection to Web PubSub at the moment');
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelWait();
    this.#connection?.stop();
  }

  /** With an access token of its own: that of the connection before may have expired. */
  #open(): Promise<void> {
    this.#connection = new ClientConnection({
      url: this.#address,
      clock: this.#options.clock,
      listener: {
        data: (message) => this.#heard(message),
        acked: () => {},
        recovered: () => {},
        closed: () => this.#reopen(),
        unreadable: () => this.#log.warn('ignored an unreadable message of Web PubSub'),
        failed: (error) => this.#log.error({ err: stackOf(error) }, 'could not handle a message of the call'),
      },
    });
    return this.#connection.start();
  }

  #heard(message: DataMessage): void {
    if (this.#isStopped || message.kind !== 'groupData') return;
    const { data } = message;
    // The client reuses the memory of its bytes; the worker may get to them later.
    this.#listener.message(typeof data === 'string' ? data : new Uint8Array(data));
  }

  #reopen(): void {
    if (this.#isStopped) return;
    const waitMs = this.#backOff.failed();
    if (waitMs === undefined) {
      this.#log.error('gave up connecting to Web PubSub for this call');
      return;
    }
    this.#cancelWait = this.#options.clock.after(waitMs, () => {
      this.#open().then(
        () => this.#backOff.succeeded(),
        () => this.#reopen(),
      );
    });
  }
}
