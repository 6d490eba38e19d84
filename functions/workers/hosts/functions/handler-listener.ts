/**
 * Lets a handler in a function app hear what the relay says while it runs. Events of a lane wait for one another, and
 * the next one may reach another instance. A message in the group of the call reaches the process that listens.
 *
 *     waiting ──LISTEN_AFTER_MS──▶ opening ──connected──▶ listening
 *                                   ▲  │ cannot open         │ lost
 *                                   │  ▼                     │
 *                                 paused ◀───────────────────┘   after ATTEMPTS: given up
 *
 * In every state it ends with its handler. The listener is a WebSocket of Node's own. It recovers nothing that it has
 * missed: the relay says again what still waits, to each listener that says that it is there. A listener that cannot
 * connect costs nothing but the early end of its handler.
 */
import { BackOff } from '../../../../shared/base/back-off.ts';
import { clientAddresses, type WebPubSubAccess } from '../../../../shared/web-pubsub/client-addresses.ts';
import { type HandlerListening, parseLaneEvent } from '../../../../shared/wire/lane/worker-messages.ts';
import { downGroup, upGroup } from '../../../../shared/wire/names.ts';
import type { Listen } from '../../kit/running-handler.ts';
import type { WebhookLog } from '../../kit/webhook.ts';

/** Most handlers have returned by then, and cost no connection. */
const LISTEN_AFTER_MS = 250;
const SUBPROTOCOL = 'json.webpubsub.azure.v1';

/** A handler has at most 25 s. The relay answers so many listeners of one event, and no more (`MAX_LISTENING`). */
const REOPEN = { firstMs: 200, longestMs: 4_000, attempts: 4 } as const;
/** How long the service may take until it says `connected`. */
const OPEN_LIMIT_MS = 5_000;

type Log = Pick<WebhookLog, 'warn'>;

export function handlerListener(access: WebPubSubAccess): (log: Log) => Listen {
  const addressOf = clientAddresses(access);
  return (log) => (target, heard) => {
    const listener = new HandlerListener(addressOf, log, target, heard);
    return () => listener.stop();
  };
}

class HandlerListener {
  readonly #addressOf: ReturnType<typeof clientAddresses>;
  readonly #log: Log;
  readonly #target: Parameters<Listen>[0];
  readonly #heard: Parameters<Listen>[1];
  readonly #up: string;
  readonly #down: string;
  readonly #backOff = new BackOff({ ...REOPEN, random: Math.random });
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(
    addressOf: ReturnType<typeof clientAddresses>,
    log: Log,
    target: Parameters<Listen>[0],
    heard: Parameters<Listen>[1],
  ) {
    const { callId, worker } = target;
    this.#addressOf = addressOf;
    this.#log = log;
    this.#target = target;
    this.#heard = heard;
    this.#up = upGroup(callId, worker);
    this.#down = downGroup(callId, worker);
    this.#timer = this.#after(LISTEN_AFTER_MS, () => this.#start());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #start(): void {
    this.#open().catch((error: unknown) => this.#lost(String(error)));
  }

  async #open(): Promise<void> {
    const roles = [`webpubsub.sendToGroup.${this.#down}`];
    const url = await this.#addressOf({ userId: this.#target.callId, groups: [this.#up], roles });
    if (this.#isStopped) return;
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket = socket;
    this.#timer = this.#after(OPEN_LIMIT_MS, () => {
      socket.close();
      this.#lost(`the service did not say that it is connected within ${OPEN_LIMIT_MS} ms`, socket);
    });
    // After an error, too.
    socket.onclose = ({ code }) => this.#lost(`the WebSocket was closed (${code})`, socket);
    // The service says `connected` once the groups of the token are joined, and nothing before.
    socket.onmessage = ({ data }) => this.#received(readMessage(data), socket);
  }

  #received(message: Record<string, unknown> | undefined, socket: WebSocket): void {
    if (this.#isStopped || this.#socket !== socket) return;
    if (message?.['type'] === 'system' && message['event'] === 'connected') {
      clearTimeout(this.#timer);
      socket.send(sendToGroup(this.#down, { type: 'listening', turn: this.#target.turn }));
    }
    const event = message?.['group'] === this.#up ? parseLaneEvent(message['data']) : undefined;
    if (event !== undefined) this.#heard(event);
  }

  /** `socket`: the one that is lost, if there was one. */
  #lost(why: string, socket?: WebSocket): void {
    if (this.#isStopped || this.#socket !== socket) return;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    const waitMs = this.#backOff.failed();
    const isGivenUp = waitMs === undefined;
    const details = { ...this.#target, why, isGivenUp };
    this.#log.warn('a handler cannot hear of interruptions: no connection to Web PubSub', details);
    if (!isGivenUp) this.#timer = this.#after(waitMs, () => this.#start());
  }

  #after(ms: number, run: () => void): NodeJS.Timeout {
    return setTimeout(() => {
      if (!this.#isStopped) run();
    }, ms);
  }
}

function sendToGroup(group: string, data: HandlerListening): string {
  return JSON.stringify({ type: 'sendToGroup', group, dataType: 'json', data, noEcho: true });
}

/** A message of the service; undefined for what is none. */
function readMessage(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
